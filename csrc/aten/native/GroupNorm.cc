#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/normalization.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using Optional = std::optional<at::Tensor>;

std::tuple<at::Tensor, at::Tensor, at::Tensor> group_norm(const at::Tensor& input,
                                                          const Optional& weight,
                                                          const Optional& bias, int64_t n,
                                                          int64_t channels, int64_t pixels,
                                                          int64_t groups, double eps) {
  TORCH_CHECK(groups > 0 && channels % groups == 0, "Expected number of channels in input to be ",
              "divisible by num_groups, but got input of shape ", input.sizes(),
              " and num_groups=", groups);
  const c10_npu::NPUGuard guard(input.device());
  const at::Tensor dense = input.contiguous();
  const at::Tensor out = new_like(dense);
  const at::Tensor mean = new_like(dense, at::IntArrayRef({n, groups}));
  const at::Tensor rstd = new_like(dense, at::IntArrayRef({n, groups}));
  if (out.numel() != 0) {
    ACLNN_CALL(aclnnGroupNorm, dense, weight, bias, n, channels, pixels, groups, eps, out, mean,
               rstd);
  }
  return {out, mean, rstd};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> group_norm_backward(
    const at::Tensor& grad_out, const at::Tensor& input, const at::Tensor& mean,
    const at::Tensor& rstd, const Optional& weight, int64_t n, int64_t channels, int64_t pixels,
    int64_t groups, std::array<bool, 3> output_mask) {
  const c10_npu::NPUGuard guard(input.device());
  const at::Tensor grad_input = output_mask[0] ? new_like(input) : at::Tensor();
  const at::Tensor grad_weight = output_mask[1] ? new_like(input, {channels}) : at::Tensor();
  const at::Tensor grad_bias = output_mask[2] ? new_like(input, {channels}) : at::Tensor();
  if (input.numel() == 0) {
    if (grad_weight.defined()) grad_weight.zero_();
    if (grad_bias.defined()) grad_bias.zero_();
  } else {
    ACLNN_CALL(aclnnGroupNormBackward, grad_out.contiguous(), input.contiguous(), mean, rstd,
               weight, n, channels, pixels, groups, at::ArrayRef<bool>(output_mask), grad_input,
               grad_weight, grad_bias);
  }
  return {grad_input, grad_weight, grad_bias};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("native_group_norm", &group_norm);
  m.impl("native_group_norm_backward", &group_norm_backward);
}

}  // namespace at_npu
