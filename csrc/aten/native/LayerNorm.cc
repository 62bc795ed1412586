#include <ATen/OpMathType.h>
#include <ATen/native/layer_norm.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/normalization.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using Optional = std::optional<at::Tensor>;

// One value per row of the normalized part, in float32 or better.
at::Tensor statistics(const at::Tensor& input, at::IntArrayRef normalized_shape) {
  Sizes sizes(input.sizes().begin(), input.sizes().end());
  std::fill(sizes.end() - static_cast<int64_t>(normalized_shape.size()), sizes.end(), 1);
  return empty(sizes, at::toOpMathType(input.scalar_type()), input.device());
}

void check_inputs(const at::Tensor& input, at::IntArrayRef normalized_shape, const Optional& weight,
                  const Optional& bias) {
  at::native::_check_layer_norm_inputs(input, normalized_shape, weight.value_or(at::Tensor()),
                                       bias.value_or(at::Tensor()));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> layer_norm(const at::Tensor& input,
                                                          at::IntArrayRef normalized_shape,
                                                          const Optional& weight,
                                                          const Optional& bias, double eps) {
  check_inputs(input, normalized_shape, weight, bias);
  const c10_npu::NPUGuard guard(input.device());
  const at::Tensor out = new_like(input);
  const at::Tensor mean = statistics(input, normalized_shape);
  const at::Tensor rstd = statistics(input, normalized_shape);
  if (input.numel() != 0) {
    ACLNN_CALL(aclnnLayerNorm, input, normalized_shape, weight, bias, eps, out, mean, rstd);
  }
  return {out, mean, rstd};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> layer_norm_backward(
    const at::Tensor& grad_out, const at::Tensor& input, at::IntArrayRef normalized_shape,
    const at::Tensor& mean, const at::Tensor& rstd, const Optional& weight, const Optional& bias,
    std::array<bool, 3> output_mask) {
  check_inputs(input, normalized_shape, weight, bias);
  const c10_npu::NPUGuard guard(input.device());
  const auto make_like = [](bool asked, const at::Tensor& like) {
    return asked ? new_like(like) : at::Tensor();
  };
  const at::Tensor grad_input = make_like(output_mask[0], input);
  const at::Tensor grad_weight = make_like(output_mask[1], weight.value_or(input));
  const at::Tensor grad_bias = make_like(output_mask[2], bias.value_or(input));
  if (input.numel() == 0) {
    if (grad_weight.defined()) grad_weight.zero_();
    if (grad_bias.defined()) grad_bias.zero_();
  } else {
    ACLNN_CALL(aclnnLayerNormBackward, grad_out, input, normalized_shape, mean, rstd, weight, bias,
               at::ArrayRef<bool>(output_mask), grad_input, grad_weight, grad_bias);
  }
  return {grad_input, grad_weight, grad_bias};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("native_layer_norm", &layer_norm);
  m.impl("native_layer_norm_backward", &layer_norm_backward);
}

}  // namespace at_npu
