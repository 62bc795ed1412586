#include <torch/library.h>

#include <limits>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/normalization.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using Optional = std::optional<at::Tensor>;

void check(const at::Tensor& input, at::IntArrayRef normalized_shape, const Optional& weight) {
  const auto dims = static_cast<int64_t>(normalized_shape.size());
  TORCH_CHECK(dims >= 1 && dims <= input.dim() &&
                  input.sizes().slice(input.dim() - dims) == normalized_shape,
              "Given normalized_shape=", normalized_shape, ", expected input with shape [*, ",
              normalized_shape, "], but got input of size ", input.sizes());
  TORCH_CHECK(!is_given(weight) || weight->sizes() == normalized_shape,
              "Expected weight to be of same shape as normalized_shape, but got weight of shape ",
              is_given(weight) ? weight->sizes() : normalized_shape,
              " and normalized_shape = ", normalized_shape);
}

std::tuple<at::Tensor, at::Tensor> rms_norm(const at::Tensor& input,
                                            at::IntArrayRef normalized_shape,
                                            const Optional& weight, std::optional<double> eps) {
  check(input, normalized_shape, weight);
  const c10_npu::NPUGuard guard(input.device());
  Sizes rows(input.sizes().begin(), input.sizes().end());
  std::fill(rows.end() - static_cast<int64_t>(normalized_shape.size()), rows.end(), 1);
  const at::Tensor out = new_like(input);
  const at::Tensor rstd = empty(rows, at::kFloat, input.device());
  if (input.numel() != 0) {
    ACLNN_CALL(aclnnRmsNorm, input, defined_or_ones(weight, normalized_shape, input),
               eps.value_or(std::numeric_limits<float>::epsilon()), out, rstd);
  }
  return {out, rstd};
}

std::tuple<at::Tensor, at::Tensor> rms_norm_backward(const at::Tensor& grad,
                                                     const at::Tensor& input,
                                                     at::IntArrayRef normalized_shape,
                                                     const at::Tensor& rstd, const Optional& weight,
                                                     std::array<bool, 2> mask) {
  check(input, normalized_shape, weight);
  const c10_npu::NPUGuard guard(input.device());
  const at::Tensor grad_input = new_like(input);
  const at::Tensor grad_weight = empty(normalized_shape, at::kFloat, input.device());
  if (input.numel() != 0) {
    ACLNN_CALL(aclnnRmsNormGrad, grad, input, rstd,
               defined_or_ones(weight, normalized_shape, input), grad_input, grad_weight);
  } else {
    grad_weight.zero_();
  }
  const bool with_weight = mask[1] && is_given(weight);
  return {mask[0] ? grad_input : at::Tensor(),
          with_weight ? grad_weight.to(weight->scalar_type()) : at::Tensor()};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_fused_rms_norm", &rms_norm);
  m.impl("_fused_rms_norm_backward", &rms_norm_backward);
}

}  // namespace at_npu
