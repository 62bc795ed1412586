#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/arithmetic.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

at::Tensor scaled_by_mask(const at::Tensor& values, const at::Tensor& mask, double scale) {
  const at::Tensor out = make(like(values));
  if (out.numel() == 0) return out;
  ACLNN_CALL(aclnnMul, values, mask, out);  // promotes the bool mask itself
  ACLNN_CALL(aclnnInplaceMuls, out, at::Scalar(scale));
  return out;
}

// The mask is bool with the input's shape, as PyTorch documents it.
std::tuple<at::Tensor, at::Tensor> dropout(const at::Tensor& input, double p,
                                           std::optional<bool> train) {
  TORCH_CHECK(p >= 0 && p <= 1, "dropout probability has to be between 0 and 1, but got ", p);
  const c10_npu::NPUGuard guard(input.device());
  const at::Tensor mask = make(like(input, at::kBool));
  if (!train.value_or(true)) return {input.clone(), mask.fill_(true)};
  mask.bernoulli_(1 - p);
  return {scaled_by_mask(input, mask, p == 1 ? 0 : 1 / (1 - p)), mask};
}

at::Tensor dropout_backward(const at::Tensor& grad_output, const at::Tensor& mask, double scale) {
  const c10_npu::NPUGuard guard(grad_output.device());
  return scaled_by_mask(grad_output, mask, scale);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("native_dropout", &dropout);
  m.impl("native_dropout_backward", &dropout_backward);
}

}  // namespace at_npu
