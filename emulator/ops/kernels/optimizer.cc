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

// The i-th tensor of a list that may be absent or empty.
Tensor element(const std::optional<Tensors>& list, size_t i) {
  return list && !list->empty() ? list->at(i) : Tensor();
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

// foundInf of 1 skips the step. `steps` count this one; gradients are divided by gradScale.
EMULATE(aclnnFusedAdamw, [](Tensors params, Tensors grads, Tensors m, Tensors v,
                            std::optional<Tensors> max_v, Tensors steps, OptionalTensor scale,
                            OptionalTensor found_inf, double lr, double beta1, double beta2,
                            double weight_decay, double eps, bool amsgrad, bool maximize) {
  if (found_inf && found_inf->item<double>() == 1) return;
  const double sign = (maximize ? -1 : 1) / (scale ? scale->item<double>() : 1);
  for (size_t i = 0; i < params.size(); ++i) {
    const double t = steps.at(i).item<double>();
    const Tensor gradient = grads.at(i).to(at::kFloat) * sign;
    const Moments moments = update_moments(m.at(i), v.at(i), gradient, beta1, beta2);
    Tensor second = moments.second;
    if (amsgrad) {
      Tensor largest = element(max_v, i);
      TORCH_CHECK(largest.defined(), "amsgrad needs maxExpAvgSqsRef.");
      second = at::maximum(largest.to(at::kFloat), second);
      largest.copy_(second);
    }
    const Tensor denominator = at::sqrt(second) / std::sqrt(1 - std::pow(beta2, t)) + eps;
    const Tensor decayed = params[i].to(at::kFloat) * (1 - lr * weight_decay);
    params[i].copy_(decayed - moments.first / denominator * (lr / (1 - std::pow(beta1, t))));
  }
})

// The gradients keep what gradScale makes of them.
EMULATE(aclnnFusedSgd, [](Tensors params, Tensors grads, std::optional<Tensors> buffers,
                          OptionalTensor scale, double weight_decay, double momentum, double lr,
                          double dampening, bool nesterov, bool maximize, bool is_first) {
  for (size_t i = 0; i < params.size(); ++i) {
    if (scale) grads.at(i).div_(scale->item());
    const Tensor value = params[i].to(at::kFloat);
    Tensor gradient = grads.at(i).to(at::kFloat) * (maximize ? -1 : 1) + value * weight_decay;
    Tensor buffer = element(buffers, i);
    if (buffer.defined()) {
      const Tensor moved =
          is_first ? gradient : buffer.to(at::kFloat) * momentum + gradient * (1 - dampening);
      buffer.copy_(moved);
      gradient = nesterov ? gradient + moved * momentum : moved;
    }
    params[i].copy_(value - gradient * lr);
  }
})

}  // namespace ascend_emulator
