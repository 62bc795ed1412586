#include "emulator/ops/functions/normalization.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/native_group_norm.h>
#include <ATen/ops/native_group_norm_backward.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/var_mean.h>

#include <numeric>

#include "emulator/ops/emulate.h"
#include "emulator/ops/kernels/gradients.h"

namespace ascend_emulator {
namespace {

// The hardware computes in float32 whatever mix of types it is given; so do these.
Tensor wide(const Tensor& tensor) {
  return c10::isReducedFloatingType(tensor.scalar_type()) ? tensor.to(at::kFloat) : tensor;
}
OptionalTensor wide(const OptionalTensor& tensor) {
  return tensor ? OptionalTensor(wide(*tensor)) : std::nullopt;
}

// Statistics are left alone where the caller gives no room for them (inference).
void store_statistics(OptionalTensor& target, const Tensor& value) {
  if (target && target->numel() > 0 && value.numel() > 0) {
    target->copy_(value.reshape(target->sizes()));
  }
}

Tensor per_channel(const Tensor& values, const Tensor& input) {
  std::vector<int64_t> shape(input.dim(), 1);
  shape[1] = values.numel();
  return values.reshape(shape);
}

}  // namespace

EMULATE(aclnnBatchNorm,
        [](Tensor input, OptionalTensor weight, OptionalTensor bias, OptionalTensor running_mean,
           OptionalTensor running_var, bool training, double momentum, double eps, Tensor out,
           OptionalTensor save_mean, OptionalTensor save_invstd) {
          OptionalTensor mean = wide(running_mean), var = wide(running_var);
          const auto [result, batch_mean, batch_invstd] = at::native_batch_norm(
              wide(input), wide(weight), wide(bias), mean, var, training, momentum, eps);
          out.copy_(result);
          if (!training) return;
          if (running_mean && !mean->is_same(*running_mean)) running_mean->copy_(*mean);
          if (running_var && !var->is_same(*running_var)) running_var->copy_(*var);
          store_statistics(save_mean, batch_mean);
          store_statistics(save_invstd, batch_invstd);
        })
EMULATE(aclnnBatchNormBackward,
        [](Tensor grad, Tensor input, OptionalTensor weight, OptionalTensor running_mean,
           OptionalTensor running_var, OptionalTensor save_mean, OptionalTensor save_invstd,
           bool training, double eps, BoolArray mask, OptionalTensor grad_input,
           OptionalTensor grad_weight, OptionalTensor grad_bias) {
          const auto wanted = output_mask(mask, grad_input, grad_weight, grad_bias);
          store(wanted,
                at::native_batch_norm_backward(
                    wide(grad), wide(input), wide(weight), wide(running_mean), wide(running_var),
                    wide(save_mean), wide(save_invstd), training, eps, wanted),
                grad_input, grad_weight, grad_bias);
        })
EMULATE(aclnnBatchNormElemt, [](Tensor input, OptionalTensor weight, OptionalTensor bias,
                                Tensor mean, Tensor invstd, double, Tensor out) {
  Tensor result = (wide(input) - per_channel(mean, input)) * per_channel(invstd, input);
  if (weight) result *= per_channel(wide(*weight), input);
  if (bias) result += per_channel(wide(*bias), input);
  out.copy_(result);
})
EMULATE(aclnnBatchNormStats, [](Tensor input, double eps, Tensor mean, Tensor invstd) {
  std::vector<int64_t> dims(input.dim() - 1);
  std::iota(dims.begin() + 1, dims.end(), 2);
  const auto [var, average] = at::var_mean(wide(input), dims, Scalar(0));
  mean.copy_(average);
  invstd.copy_(at::rsqrt(var + eps));
})

EMULATE(aclnnLayerNorm, [](Tensor input, IntArray shape, OptionalTensor weight, OptionalTensor bias,
                           double eps, Tensor out, OptionalTensor mean, OptionalTensor rstd) {
  const auto [result, average, deviation] =
      at::native_layer_norm(wide(input), shape, wide(weight), wide(bias), eps);
  out.copy_(result);
  store_statistics(mean, average);
  store_statistics(rstd, deviation);
})
EMULATE(aclnnLayerNormBackward,
        [](Tensor grad, Tensor input, IntArray shape, Tensor mean, Tensor rstd,
           OptionalTensor weight, OptionalTensor bias, BoolArray mask, OptionalTensor grad_input,
           OptionalTensor grad_weight, OptionalTensor grad_bias) {
          const auto wanted = output_mask(mask, grad_input, grad_weight, grad_bias);
          store(wanted,
                at::native_layer_norm_backward(wide(grad), wide(input), shape, wide(mean),
                                               wide(rstd), wide(weight), wide(bias), wanted),
                grad_input, grad_weight, grad_bias);
        })

EMULATE(aclnnGroupNorm, [](Tensor input, OptionalTensor weight, OptionalTensor bias, int64_t n,
                           int64_t c, int64_t hxw, int64_t groups, double eps, Tensor out,
                           OptionalTensor mean, OptionalTensor rstd) {
  const auto [result, average, deviation] = at::native_group_norm(
      wide(input).contiguous(), wide(weight), wide(bias), n, c, hxw, groups, eps);
  out.copy_(result);
  store_statistics(mean, average);
  store_statistics(rstd, deviation);
})
EMULATE(aclnnGroupNormBackward,
        [](Tensor grad, Tensor input, Tensor mean, Tensor rstd, OptionalTensor weight, int64_t n,
           int64_t c, int64_t hxw, int64_t groups, BoolArray mask, OptionalTensor grad_input,
           OptionalTensor grad_weight, OptionalTensor grad_bias) {
          const auto wanted = output_mask(mask, grad_input, grad_weight, grad_bias);
          store(wanted,
                at::native_group_norm_backward(wide(grad).contiguous(), wide(input).contiguous(),
                                               wide(mean), wide(rstd), wide(weight), n, c, hxw,
                                               groups, wanted),
                grad_input, grad_weight, grad_bias);
        })

}  // namespace ascend_emulator
