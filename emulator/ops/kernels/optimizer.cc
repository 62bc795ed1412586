#include "emulator/ops/functions/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/sqrt.h>

#include <cmath>

#include "emulator/ops/emulate.h"

namespace ascend_emulator {
namespace {

// Moments as they are after this step, computed in float32 and stored in the state's own type.
struct Moments {
  Tensor first, second;
};

Moments update_moments(Tensor& m, Tensor& v, const Tensor& grad, double beta1, double beta2) {
  const Tensor first = m.to(at::kFloat) * beta1 + grad * (1 - beta1);
  const Tensor second = v.to(at::kFloat) * beta2 + grad * grad * (1 - beta2);
  m.copy_(first);
  v.copy_(second);
  return {first, second};
}

}  // namespace

// `step` counts the steps done before this one.
EMULATE(aclnnApplyAdamWV2, [](Tensor var, Tensor m, Tensor v, OptionalTensor max_second,
                              Tensor grad, Tensor step, double lr, double beta1, double beta2,
                              double weight_decay, double eps, bool amsgrad, bool maximize) {
  const double t = step.item<double>() + 1;
  const Tensor gradient = grad.to(at::kFloat) * (maximize ? -1 : 1);
  const Moments moments = update_moments(m, v, gradient, beta1, beta2);
  Tensor second = moments.second;
  if (amsgrad) {
    TORCH_CHECK(max_second, "amsgrad needs maxGradNormOptionalRef.");
    second = at::maximum(max_second->to(at::kFloat), second);
    max_second->copy_(second);
  }
  const Tensor denominator = at::sqrt(second) / std::sqrt(1 - std::pow(beta2, t)) + eps;
  const Tensor decayed = var.to(at::kFloat) * (1 - lr * weight_decay);
  var.copy_(decayed - moments.first / denominator * (lr / (1 - std::pow(beta1, t))));
})

// mode 0 adds the weight decay to the gradient (Adam), 1 to the update (AdamW).
EMULATE(aclnnApplyFusedEmaAdam, [](Tensor grad, Tensor var, Tensor m, Tensor v, Tensor ema,
                                   Tensor step, double lr, double ema_decay, double beta1,
                                   double beta2, double eps, int64_t mode, bool bias_correction,
                                   double weight_decay) {
  TORCH_CHECK(mode == 0 || mode == 1, "mode is ", mode, "; it must be 0 (Adam) or 1 (AdamW).");
  const double t = step.item<double>();
  const Tensor value = var.to(at::kFloat);
  const Tensor decay = value * weight_decay;
  const Tensor gradient = mode == 0 ? grad.to(at::kFloat) + decay : grad.to(at::kFloat);
  const Moments moments = update_moments(m, v, gradient, beta1, beta2);
  const double correction1 = bias_correction ? 1 - std::pow(beta1, t) : 1;
  const double correction2 = bias_correction ? 1 - std::pow(beta2, t) : 1;
  Tensor update = moments.first / correction1 / (at::sqrt(moments.second / correction2) + eps);
  if (mode == 1) update += decay;
  const Tensor result = value - update * lr;
  var.copy_(result);
  ema.copy_(ema.to(at::kFloat) * ema_decay + result * (1 - ema_decay));
})

}  // namespace ascend_emulator
