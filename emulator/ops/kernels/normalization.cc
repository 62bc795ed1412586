#include "emulator/ops/functions/normalization.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/native_group_norm.h>
#include <ATen/ops/native_group_norm_backward.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/renorm.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/var_mean.h>

#include <numeric>

#include "emulator/ops/kernels/gradients.h"
#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {
namespace {

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

void rms_norm(const Tensor& x, const Tensor& gamma, double eps, Tensor& y, Tensor& rstd) {
  std::vector<int64_t> dims(gamma.dim());
  std::iota(dims.begin(), dims.end(), -gamma.dim());
  const Tensor scale = at::rsqrt(wide(x).square().mean(dims, /*keepdim=*/true) + eps);
  y.copy_(wide(x) * scale * wide(gamma));
  rstd.copy_(scale.reshape(rstd.sizes()));
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

// The parts of a batch norm over several devices. Sums are over all dimensions but the channels.
EMULATE(aclnnBatchNormGatherStatsWithCounts,
        [](Tensor, Tensor mean, Tensor invstd, OptionalTensor running_mean,
           OptionalTensor running_var, double momentum, double eps, Tensor counts, Tensor mean_all,
           Tensor invstd_all) {
          const Tensor weight = wide(counts).unsqueeze(1), means = wide(mean);
          const Tensor total = weight.sum();
          const Tensor center = (means * weight).sum(0) / total;
          const Tensor spread = wide(invstd).pow(-2) - eps + (means - center).square();
          const Tensor squares = (spread * weight).sum(0);
          mean_all.copy_(center);
          invstd_all.copy_(at::rsqrt(squares / total + eps));
          const auto follow = [&](OptionalTensor& running, const Tensor& value) {
            if (running) running->copy_(wide(*running) * (1 - momentum) + value * momentum);
          };
          follow(running_mean, center);
          follow(running_var, squares / (total - 1));
        })
EMULATE(aclnnBatchNormReduceBackward,
        [](Tensor grad, Tensor input, Tensor mean, Tensor invstd, OptionalTensor, bool,
           bool with_weight, bool with_bias, Tensor sum_dy, Tensor sum_dy_xmu,
           OptionalTensor grad_weight, OptionalTensor grad_bias) {
          const auto over_channels = [](const Tensor& values) {
            return values.transpose(0, 1).flatten(1).sum(1);
          };
          const Tensor sum = over_channels(wide(grad));
          const Tensor weighted =
              over_channels(wide(grad) * (wide(input) - per_channel(wide(mean), input)));
          sum_dy.copy_(sum);
          sum_dy_xmu.copy_(weighted);
          if (with_weight && grad_weight) grad_weight->copy_(weighted * wide(invstd));
          if (with_bias && grad_bias) grad_bias->copy_(sum);
        })
EMULATE(aclnnBatchNormElemtBackward,
        [](Tensor grad, Tensor input, Tensor mean, Tensor invstd, OptionalTensor weight,
           Tensor sum_dy, Tensor sum_dy_xmu, Tensor counts, Tensor out) {
          const auto spread = [&](const Tensor& values) { return per_channel(values, input); };
          const Tensor total = counts.to(at::kFloat).sum();
          const Tensor scale = wide(invstd);
          const Tensor centered = wide(input) - spread(wide(mean));
          const Tensor slope = scale.square() * wide(sum_dy_xmu) / total;
          Tensor result = wide(grad) - spread(wide(sum_dy) / total) - centered * spread(slope);
          result *= spread(weight ? scale * wide(*weight) : scale);
          out.copy_(result);
        })

// Root mean square over the dimensions of gamma, which are the last ones.
EMULATE(aclnnRmsNorm, [](Tensor x, Tensor gamma, double eps, Tensor y, Tensor rstd) {
  rms_norm(x, gamma, eps, y, rstd);
})
EMULATE(aclnnAddRmsNorm,
        [](Tensor x1, Tensor x2, Tensor gamma, double eps, Tensor y, Tensor rstd, Tensor sum) {
          sum.copy_(wide(x1) + wide(x2));
          rms_norm(sum, gamma, eps, y, rstd);
        })
EMULATE(aclnnRmsNormGrad,
        [](Tensor dy, Tensor x, Tensor rstd, Tensor gamma, Tensor dx, Tensor dgamma) {
          std::vector<int64_t> dims(gamma.dim());
          std::iota(dims.begin(), dims.end(), -gamma.dim());
          std::vector<int64_t> rows = x.sizes().vec();
          std::fill(rows.end() - gamma.dim(), rows.end(), 1);
          const Tensor normed = wide(x) * rstd.reshape(rows);
          const Tensor scaled = wide(dy) * wide(gamma);
          const Tensor mean = (scaled * normed).mean(dims, /*keepdim=*/true);
          dx.copy_((scaled - normed * mean) * rstd.reshape(rows));
          dgamma.copy_((wide(dy) * normed).sum_to_size(gamma.sizes()));
        })
EMULATE(aclnnRenorm, [](Tensor self, Scalar p, int64_t dim, Scalar max_norm, Tensor out) {
  out.copy_(at::renorm(wide(self), p, dim, max_norm));
})

}  // namespace ascend_emulator
