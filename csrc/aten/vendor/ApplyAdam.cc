#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/maximum.h>
#include <torch/library.h>

#include <cmath>
#include <tuple>

#include "csrc/aten/vendor/OptimizerRules.h"
#include "csrc/core/NPUGuard.h"

// Atlas A2 has no function for these.
namespace at_npu::vendor {
namespace {

using at::Scalar;
using at::Tensor;
using Results = std::tuple<const Tensor&, const Tensor&, const Tensor&>;

void update_moments(const Tensor& grad, double beta1, double beta2, const Tensor& m,
                    const Tensor& v) {
  m.mul_(beta1).add_(grad, 1 - beta1);
  v.mul_(beta2).addcmul_(grad, grad, 1 - beta2);
}

Results npu_apply_adam_out(const Scalar& beta1_power, const Scalar& beta2_power, const Scalar& lr,
                           const Scalar& beta1, const Scalar& beta2, const Scalar& epsilon,
                           const Tensor& grad, std::optional<bool> /*use_locking*/,
                           std::optional<bool> use_nesterov, const Tensor& var, const Tensor& m,
                           const Tensor& v) {
  check_adam("npu_apply_adam", grad, var, m, v);
  const c10_npu::NPUGuard guard(var.device());
  const Tensor g = grad.to(var.scalar_type());
  const double beta = beta1.toDouble();
  update_moments(g, beta, beta2.toDouble(), m, v);
  const double step =
      lr.toDouble() * std::sqrt(1 - beta2_power.toDouble()) / (1 - beta1_power.toDouble());
  const Tensor direction = use_nesterov.value_or(false) ? at::add(m * beta, g, 1 - beta) : m;
  var.addcdiv_(direction, v.sqrt().add_(epsilon), -step);
  return {var, m, v};
}

Results npu_apply_adam_w_out(const Scalar& beta1_power, const Scalar& beta2_power, const Scalar& lr,
                             const Scalar& weight_decay, const Scalar& beta1, const Scalar& beta2,
                             const Scalar& epsilon, const Tensor& grad,
                             const std::optional<Tensor>& max_grad_norm,
                             std::optional<bool> amsgrad, std::optional<bool> maximize,
                             const Tensor& var, const Tensor& m, const Tensor& v) {
  check_adam_w(grad, max_grad_norm, amsgrad.value_or(false), var, m, v);
  const c10_npu::NPUGuard guard(var.device());
  const Tensor g = grad.to(var.scalar_type());
  update_moments(maximize.value_or(false) ? g.neg() : g, beta1.toDouble(), beta2.toDouble(), m, v);
  const double rate = lr.toDouble();
  const double correction1 = 1 - beta1_power.toDouble() * beta1.toDouble();
  const double correction2 = 1 - beta2_power.toDouble() * beta2.toDouble();
  const Tensor second =
      amsgrad.value_or(false) ? at::maximum(v, max_grad_norm->to(v.scalar_type())) : v;
  const Tensor divisor = second.sqrt().div_(std::sqrt(correction2)).add_(epsilon);
  var.mul_(1 - rate * weight_decay.toDouble()).addcdiv_(m, divisor, -rate / correction1);
  return {var, m, v};
}

[[noreturn]] void refuse(const char* op) {
  TORCH_CHECK_NOT_IMPLEMENTED(false, op, ": give the tensors to change as out=(var, m, v)");
}

std::tuple<Tensor, Tensor, Tensor> npu_apply_adam(const Scalar&, const Scalar&, const Scalar&,
                                                  const Scalar&, const Scalar&, const Scalar&,
                                                  const Tensor&, std::optional<bool>,
                                                  std::optional<bool>) {
  refuse("npu_apply_adam");
}
std::tuple<Tensor, Tensor, Tensor> npu_apply_adam_w(const Scalar&, const Scalar&, const Scalar&,
                                                    const Scalar&, const Scalar&, const Scalar&,
                                                    const Scalar&, const Tensor&,
                                                    const std::optional<Tensor>&,
                                                    std::optional<bool>, std::optional<bool>) {
  refuse("npu_apply_adam_w");
}

}  // namespace

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("npu_apply_adam.out", &npu_apply_adam_out);
  m.impl("npu_apply_adam_w.out", &npu_apply_adam_w_out);
}
TORCH_LIBRARY_IMPL(npu, CompositeExplicitAutograd, m) {
  m.impl("npu_apply_adam", &npu_apply_adam);
  m.impl("npu_apply_adam_w", &npu_apply_adam_w);
}

}  // namespace at_npu::vendor
