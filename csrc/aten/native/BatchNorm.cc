#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/normalization.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using Optional = std::optional<at::Tensor>;
using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

// Statistics are float32, unless the parameters say otherwise.
at::ScalarType statistics_dtype(const at::Tensor& input, const Optional& running_mean) {
  if (running_mean.has_value() && running_mean->defined()) return running_mean->scalar_type();
  return at::isReducedFloatingType(input.scalar_type()) ? at::kFloat : input.scalar_type();
}

void check_parameter(const Optional& tensor, int64_t channels, const char* name) {
  TORCH_CHECK(!tensor.has_value() || !tensor->defined() || tensor->numel() == channels, name,
              " should contain ", channels, " elements not ", tensor->numel());
}

at::Tensor defined_or_filled(const Optional& tensor, int64_t channels, at::ScalarType dtype,
                             const at::Tensor& input, int value) {
  if (tensor.has_value() && tensor->defined()) return *tensor;
  return empty({channels}, dtype, input.device()).fill_(value);
}

struct Parameters {
  at::Tensor weight, bias, running_mean, running_var;
};

// aclnn wants every parameter; absent ones are neutral.
Parameters parameters(const at::Tensor& input, const Optional& weight, const Optional& bias,
                      const Optional& running_mean, const Optional& running_var) {
  const int64_t channels = input.size(1);
  check_parameter(weight, channels, "weight");
  check_parameter(bias, channels, "bias");
  check_parameter(running_mean, channels, "running_mean");
  check_parameter(running_var, channels, "running_var");
  const at::ScalarType dtype = statistics_dtype(input, running_mean);
  return {defined_or_filled(weight, channels, dtype, input, 1),
          defined_or_filled(bias, channels, dtype, input, 0),
          defined_or_filled(running_mean, channels, dtype, input, 0),
          defined_or_filled(running_var, channels, dtype, input, 1)};
}

void forward_into(const at::Tensor& input, const Parameters& p, bool training, double momentum,
                  double eps, const at::Tensor& out, const at::Tensor& save_mean,
                  const at::Tensor& save_invstd) {
  if (out.numel() == 0) return;
  ACLNN_CALL(aclnnBatchNorm, input, p.weight, p.bias, p.running_mean, p.running_var, training,
             momentum, eps, out, save_mean, save_invstd);
}

Three batch_norm(const at::Tensor& input, const Optional& weight, const Optional& bias,
                 const Optional& running_mean, const Optional& running_var, bool training,
                 double momentum, double eps) {
  TORCH_CHECK(input.dim() >= 2, "batch_norm: expected an input of at least 2 dimensions, got ",
              input.dim());
  const c10_npu::NPUGuard guard(input.device());
  const Parameters p = parameters(input, weight, bias, running_mean, running_var);
  const at::Tensor out = make(like(input));
  // Nothing is saved when the running statistics are used.
  const int64_t saved = training ? input.size(1) : 0;
  const at::ScalarType dtype = statistics_dtype(input, running_mean);
  const at::Tensor save_mean = empty({saved}, dtype, input.device());
  const at::Tensor save_invstd = empty({saved}, dtype, input.device());
  forward_into(input, p, training, momentum, eps, out, save_mean, save_invstd);
  return {out, save_mean, save_invstd};
}

std::tuple<at::Tensor&, at::Tensor&, at::Tensor&> batch_norm_out(
    const at::Tensor& input, const Optional& weight, const Optional& bias,
    const Optional& running_mean, const Optional& running_var, bool training, double momentum,
    double eps, at::Tensor& out, at::Tensor& save_mean, at::Tensor& save_invstd) {
  const c10_npu::NPUGuard guard(input.device());
  const auto [result, mean, invstd] =
      batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps);
  give_back(result, fit(out, like(result)));
  give_back(mean, fit(save_mean, like(mean)));
  give_back(invstd, fit(save_invstd, like(invstd)));
  return {out, save_mean, save_invstd};
}

Three batch_norm_legit(const at::Tensor& input, const Optional& weight, const Optional& bias,
                       at::Tensor& running_mean, at::Tensor& running_var, bool training,
                       double momentum, double eps) {
  return batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps);
}

Three batch_norm_legit_no_stats(const at::Tensor& input, const Optional& weight,
                                const Optional& bias, bool training, double momentum, double eps) {
  return batch_norm(input, weight, bias, std::nullopt, std::nullopt, training, momentum, eps);
}

std::tuple<at::Tensor&, at::Tensor&, at::Tensor&> batch_norm_legit_out(
    const at::Tensor& input, const Optional& weight, const Optional& bias, at::Tensor& running_mean,
    at::Tensor& running_var, bool training, double momentum, double eps, at::Tensor& out,
    at::Tensor& save_mean, at::Tensor& save_invstd) {
  return batch_norm_out(input, weight, bias, running_mean, running_var, training, momentum, eps,
                        out, save_mean, save_invstd);
}

std::tuple<at::Tensor&, at::Tensor&, at::Tensor&> batch_norm_legit_no_stats_out(
    const at::Tensor& input, const Optional& weight, const Optional& bias, bool training,
    double momentum, double eps, at::Tensor& out, at::Tensor& save_mean, at::Tensor& save_invstd) {
  return batch_norm_out(input, weight, bias, std::nullopt, std::nullopt, training, momentum, eps,
                        out, save_mean, save_invstd);
}

// The fourth result is space for a backward that needs more than the statistics: ours does not.
std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> batch_norm_with_update(
    const at::Tensor& input, const Optional& weight, const Optional& bias, at::Tensor& running_mean,
    at::Tensor& running_var, double momentum, double eps) {
  const auto [out, mean, invstd] =
      batch_norm(input, weight, bias, running_mean, running_var, /*training=*/true, momentum, eps);
  return {out, mean, invstd, empty({0}, at::kByte, input.device())};
}

Three batch_norm_backward(const at::Tensor& grad_out, const at::Tensor& input,
                          const Optional& weight, const Optional& running_mean,
                          const Optional& running_var, const Optional& save_mean,
                          const Optional& save_invstd, bool training, double eps,
                          std::array<bool, 3> output_mask) {
  const c10_npu::NPUGuard guard(input.device());
  const Parameters p = parameters(input, weight, std::nullopt, running_mean, running_var);
  const int64_t channels = input.size(1);
  // The kernel writes all three; those not asked for are not handed on.
  const at::Tensor grad_input = make(like(input));
  const at::Tensor grad_weight = new_like(p.weight, {channels});
  const at::Tensor grad_bias = new_like(p.weight, {channels});
  if (input.numel() == 0) {
    grad_weight.zero_();
    grad_bias.zero_();
  } else {
    ACLNN_CALL(aclnnBatchNormBackward, grad_out, input, p.weight, p.running_mean, p.running_var,
               save_mean, save_invstd, training, eps, at::ArrayRef<bool>(output_mask), grad_input,
               grad_weight, grad_bias);
  }
  const auto asked = [&](int i, const at::Tensor& grad) {
    return output_mask[i] ? grad : at::Tensor();
  };
  return {asked(0, grad_input), asked(1, grad_weight), asked(2, grad_bias)};
}

Three batch_norm_backward_with_reserve(const at::Tensor& grad_out, const at::Tensor& input,
                                       const at::Tensor& weight, const Optional& running_mean,
                                       const Optional& running_var, const Optional& save_mean,
                                       const Optional& save_invstd, bool update, double eps,
                                       std::array<bool, 3> output_mask, const at::Tensor&) {
  return batch_norm_backward(grad_out, input, weight, running_mean, running_var, save_mean,
                             save_invstd, update, eps, output_mask);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("native_batch_norm", &batch_norm);
  m.impl("native_batch_norm.out", &batch_norm_out);
  m.impl("_native_batch_norm_legit", &batch_norm_legit);
  m.impl("_native_batch_norm_legit.no_stats", &batch_norm_legit_no_stats);
  m.impl("_native_batch_norm_legit.out", &batch_norm_legit_out);
  m.impl("_native_batch_norm_legit.no_stats_out", &batch_norm_legit_no_stats_out);
  m.impl("_batch_norm_with_update", &batch_norm_with_update);
  m.impl("native_batch_norm_backward", &batch_norm_backward);
  m.impl("batch_norm_backward", &batch_norm_backward_with_reserve);
}

}  // namespace at_npu
