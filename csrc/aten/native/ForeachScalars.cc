#include <ATen/native/ForeachUtils.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <torch/library.h>

// The numbers of a tensor on the CPU, one for each tensor of the list, as a list of numbers.
namespace at_npu {
namespace {

using at::native::convert_tensor_to_scalar_list;

std::vector<at::Tensor> addcdiv(at::TensorList self, at::TensorList first, at::TensorList second,
                                const at::Tensor& scalars) {
  const auto numbers = convert_tensor_to_scalar_list(scalars, self.size());
  return at::_foreach_addcdiv(self, first, second, numbers);
}

void addcdiv_(at::TensorList self, at::TensorList first, at::TensorList second,
              const at::Tensor& scalars) {
  at::_foreach_addcdiv_(self, first, second, convert_tensor_to_scalar_list(scalars, self.size()));
}

std::vector<at::Tensor> addcmul(at::TensorList self, at::TensorList first, at::TensorList second,
                                const at::Tensor& scalars) {
  const auto numbers = convert_tensor_to_scalar_list(scalars, self.size());
  return at::_foreach_addcmul(self, first, second, numbers);
}

void addcmul_(at::TensorList self, at::TensorList first, at::TensorList second,
              const at::Tensor& scalars) {
  at::_foreach_addcmul_(self, first, second, convert_tensor_to_scalar_list(scalars, self.size()));
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_foreach_addcdiv.Tensor", &addcdiv);
  m.impl("_foreach_addcdiv_.Tensor", &addcdiv_);
  m.impl("_foreach_addcmul.Tensor", &addcmul);
  m.impl("_foreach_addcmul_.Tensor", &addcmul_);
}

}  // namespace at_npu
