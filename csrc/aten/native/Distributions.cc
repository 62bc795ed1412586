#include <ATen/MemoryOverlap.h>
#include <torch/library.h>

#include <cmath>
#include <numbers>

#include "csrc/aten/Outputs.h"
#include "csrc/core/NPUGuard.h"

// Distributions that CANN has no function for, from uniform and normal numbers.
namespace at_npu {
namespace {

using OptionalGenerator = std::optional<at::Generator>;

// In [0, 1), in float32: half precision has too few numbers near 0.
at::Tensor uniform_like(const at::Tensor& self, OptionalGenerator generator) {
  at::assert_no_internal_overlap(self);
  return empty(self.sizes(), at::kFloat, self.device()).uniform_(0, 1, std::move(generator));
}

void check_floating(const char* op, const at::Tensor& self) {
  TORCH_CHECK(self.is_floating_point(), op, " needs a floating-point tensor, not ",
              self.scalar_type());
}

at::Tensor& cauchy_(at::Tensor& self, double median, double sigma, OptionalGenerator generator) {
  TORCH_CHECK(sigma > 0, "cauchy_ expects sigma > 0.0, but found sigma=", sigma);
  check_floating("cauchy_", self);
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor angle =
      uniform_like(self, std::move(generator)).sub_(0.5).mul_(std::numbers::pi);
  return self.copy_(angle.tan_().mul_(sigma).add_(median));
}

at::Tensor& log_normal_(at::Tensor& self, double mean, double std, OptionalGenerator generator) {
  TORCH_CHECK(std > 0, "log_normal_ expects std > 0.0, but found std=", std);
  check_floating("log_normal_", self);
  at::assert_no_internal_overlap(self);
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor numbers = empty(self.sizes(), at::kFloat, self.device());
  return self.copy_(numbers.normal_(mean, std, std::move(generator)).exp_());
}

// How many trials until the first success.
at::Tensor& geometric_(at::Tensor& self, double p, OptionalGenerator generator) {
  TORCH_CHECK(0 < p && p < 1, "geometric_ expects p to be in (0, 1), but got p=", p);
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor failures = uniform_like(self, std::move(generator)).neg_().log1p_();
  return self.copy_(failures.div_(std::log1p(-p)).ceil_().clamp_min_(1));
}

// Slopes of the negative numbers, drawn from [lower, upper) in training, their mean otherwise.
at::Tensor& rrelu_with_noise_out(const at::Tensor& self, at::Tensor& noise, const at::Scalar& lower,
                                 const at::Scalar& upper, bool training,
                                 OptionalGenerator generator, at::Tensor& out) {
  const double low = lower.toDouble(), high = upper.toDouble();
  TORCH_CHECK(std::isfinite(low) && std::isfinite(high) && low <= high,
              "Lower bound should be less than or equal to the upper bound, got ", low, " and ",
              high);
  TORCH_CHECK(self.sizes() == noise.sizes(),
              "noise tensor shape must match self tensor shape. "
              "Got self.shape = ",
              self.sizes(), " noise.shape = ", noise.sizes());
  if (!training) return out.copy_(self.clamp_min(0).add(self.clamp_max(0), (low + high) / 2));
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor slopes = uniform_like(self, std::move(generator))
                                .mul_(high - low)
                                .add_(low)
                                .masked_fill_(self.gt(0), 1);
  noise.copy_(slopes);
  return out.copy_(self.mul(noise));
}

at::Tensor rrelu_with_noise(const at::Tensor& self, at::Tensor& noise, const at::Scalar& lower,
                            const at::Scalar& upper, bool training, OptionalGenerator generator) {
  at::Tensor out = new_like(self);
  return rrelu_with_noise_out(self, noise, lower, upper, training, std::move(generator), out);
}

at::Tensor& rrelu_with_noise_(at::Tensor& self, at::Tensor& noise, const at::Scalar& lower,
                              const at::Scalar& upper, bool training, OptionalGenerator generator) {
  return rrelu_with_noise_out(self, noise, lower, upper, training, std::move(generator), self);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("cauchy_", &cauchy_);
  m.impl("log_normal_", &log_normal_);
  m.impl("geometric_", &geometric_);
  m.impl("rrelu_with_noise", &rrelu_with_noise);
  m.impl("rrelu_with_noise.out", &rrelu_with_noise_out);
  m.impl("rrelu_with_noise_", &rrelu_with_noise_);
}

}  // namespace at_npu
