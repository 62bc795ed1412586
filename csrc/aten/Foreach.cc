#include "csrc/aten/Foreach.h"

#include <ATen/native/ForeachUtils.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "csrc/aten/Outputs.h"
#include "csrc/core/Capture.h"

namespace at_npu {

bool is_one_call(const aclnn::Parameter& parameter, std::initializer_list<at::TensorList> lists) {
  const at::TensorList first = *lists.begin();
  if (first.empty() || !first[0].is_privateuseone() || !first[0].is_floating_point()) return false;
  const auto bit = uint64_t{1} << acl_data_type(first[0].scalar_type());
  if (parameter.dtypes != 0 && (parameter.dtypes & bit) == 0) return false;
  const auto is_empty = [](const at::Tensor& tensor) { return tensor.numel() == 0; };
  return std::none_of(first.begin(), first.end(), is_empty) &&
         at::native::check_fast_path_restrictions(lists);
}

bool is_real_number(const at::Scalar& scalar) { return !scalar.isBoolean() && !scalar.isComplex(); }

bool is_real_number(at::ArrayRef<at::Scalar> scalars) {
  return std::all_of(scalars.begin(), scalars.end(),
                     [](const at::Scalar& scalar) { return is_real_number(scalar); });
}

bool is_one_float(at::TensorList tensors, at::ArrayRef<at::Scalar> scalars) {
  return tensors[0].scalar_type() == at::kFloat &&
         std::all_of(scalars.begin(), scalars.end(), [&](const at::Scalar& scalar) {
           return scalar.toDouble() == scalars[0].toDouble();
         });
}

std::vector<at::Tensor> each_like(at::TensorList tensors) {
  std::vector<at::Tensor> result;
  result.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) result.push_back(make(like(tensor)));
  return result;
}

at::Tensor on_device(at::ArrayRef<at::Scalar> scalars, const at::Tensor& like) {
  // A graph would copy from memory that is not there any more.
  if (c10_npu::capture_underway(like.device().index())) {
    std::vector<at::Tensor> numbers;
    for (const at::Scalar& scalar : scalars)
      numbers.push_back(at::full({1}, scalar, like.options()));
    return at::cat(numbers);
  }
  std::vector<double> numbers;
  numbers.reserve(scalars.size());
  for (const at::Scalar& scalar : scalars) numbers.push_back(scalar.toDouble());
  // Pinned, so that the copy does not wait for the device.
  const at::Tensor on_host = at::tensor(numbers, at::kFloat).to(like.scalar_type()).pin_memory();
  return on_host.to(like.device(), like.scalar_type(), /*non_blocking=*/true);
}

}  // namespace at_npu
