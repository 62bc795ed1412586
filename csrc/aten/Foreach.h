#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "csrc/aten/AclnnArguments.h"

// What the generated _foreach_* operators share: csrc/aten/ops/foreach.yaml.
namespace at_npu {

inline constexpr size_t kMaxTensors = 250;  // the hardware's kernels take no longer lists

// Lists that one call can take: floating-point tensors of a dtype that the function has, all alike
// in device and dtype, the i-th of each list alike in shape, without gaps and not empty.
bool is_one_call(const aclnn::Parameter& parameter, std::initializer_list<at::TensorList> lists);
bool is_real_number(const at::Scalar& scalar);
bool is_real_number(at::ArrayRef<at::Scalar> scalars);

// Tensors of float32, and the same number for each.
bool is_one_float(at::TensorList tensors, at::ArrayRef<at::Scalar> scalars);

std::vector<at::Tensor> each_like(at::TensorList tensors);
// Numbers as a tensor beside `like`, of its dtype.
at::Tensor on_device(at::ArrayRef<at::Scalar> scalars, const at::Tensor& like);

// Calls `body(part)` with one function of lists after the other: part(list) is what to take of it.
template <class Body>
void in_parts(size_t size, Body body) {
  for (size_t begin = 0; begin < size; begin += kMaxTensors) {
    const size_t count = std::min(kMaxTensors, size - begin);
    body([=](const auto& list) { return list.slice(begin, count); });
  }
}

}  // namespace at_npu
