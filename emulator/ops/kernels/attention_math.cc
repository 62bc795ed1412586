#include "emulator/ops/kernels/attention_math.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/maximum.h>

#include <limits>

namespace ascend_emulator {
namespace {

// True where column - row, shifted, is outside of [-before, after].
Tensor outside(int64_t rows, int64_t columns, int64_t shift, int64_t before, int64_t after) {
  const Tensor distance =
      at::arange(columns, at::kLong) - at::arange(rows, at::kLong).unsqueeze(-1) - shift;
  return at::logical_or(distance > after, distance < -before);
}

// A mask for the longest of several sequences serves the others, too.
Tensor fitting(const Tensor& mask, int64_t rows, int64_t columns) {
  return mask.slice(-2, 0, rows).slice(-1, 0, columns).to(at::kBool);
}

// The triangle that sparse modes 2 to 4 want as a mask, whatever the lengths are. The hardware
// reads it; here its first and last row tell it from others.
void check_triangle(const Tensor& mask, int64_t sparse_mode) {
  constexpr int64_t kSize = 2048;
  const bool fits = mask.dim() >= 2 && mask.size(-1) == kSize && mask.size(-2) == kSize &&
                    mask.numel() == kSize * kSize;
  TORCH_CHECK(fits, "sparseMode ", sparse_mode, " needs attenMaskOptional [2048, 2048], not shape ",
              mask.sizes(), ".");
  const Tensor rows = mask.reshape({kSize, kSize});
  const Tensor first = rows.select(0, 0).to(at::kBool);
  TORCH_CHECK(!first[0].item<bool>() && first.slice(0, 1).all().item<bool>() &&
                  !rows.select(0, kSize - 1).to(at::kBool).any().item<bool>(),
              "sparseMode ", sparse_mode,
              " needs attenMaskOptional with ones above the diagonal and zeros elsewhere.");
}

Tensor scores(const Tensor& query, const Tensor& key, const OptionalTensor& shift, double scale,
              const Masking& masking) {
  Tensor result = at::matmul(query, key.transpose(-1, -2));
  if (shift && shift->numel() > 0) result = result + shift->to(at::kFloat);
  result = result * scale;
  const Tensor excluded = masking.excluded(result.size(-2), result.size(-1));
  // Not -inf: a row without any key must stay finite.
  return excluded.defined() ? result.masked_fill(excluded, std::numeric_limits<float>::lowest())
                            : result;
}

Tensor gather_groups(const Tensor& heads, int64_t groups) {
  return groups == 1 ? heads : heads.unflatten(1, {-1, groups}).sum(2);
}

}  // namespace

Tensor Masking::excluded(int64_t rows, int64_t columns) const {
  constexpr int64_t kAll = std::numeric_limits<int32_t>::max();
  if (!mask) return {};  // then the hardware computes all, whatever the mode is
  if (sparse_mode >= 2 && sparse_mode <= 4) check_triangle(*mask, sparse_mode);
  switch (sparse_mode) {
    case 0:
      return at::logical_or(fitting(*mask, rows, columns),
                            outside(rows, columns, 0, before, after));
    case 1:
      return fitting(*mask, rows, columns);
    case 2:
      return outside(rows, columns, 0, kAll, 0);
    case 3:
      return outside(rows, columns, columns - rows, kAll, 0);
    case 4:
      return outside(rows, columns, columns - rows, before, after);
    default:
      TORCH_CHECK(false, "sparseMode ", sparse_mode, " is not emulated; 0 to 4 are.");
  }
}

Tensor spread(const Tensor& heads, int64_t groups) {
  return groups == 1 ? heads : heads.repeat_interleave(groups, 1);
}

Weights attention_weights(const Tensor& query, const Tensor& key, const OptionalTensor& shift,
                          double scale, const Masking& masking) {
  const Tensor all = scores(query, key, shift, scale, masking);
  const Tensor maximum = all.amax(-1, true);
  const Tensor weights = (all - maximum).exp();
  const Tensor sum = weights.sum(-1, true);
  return {weights / sum, maximum, sum};
}

Weights with_sink(const Weights& weights, const OptionalTensor& sink) {
  if (!sink || sink->numel() == 0) return weights;
  const Tensor extra = sink->to(at::kFloat).reshape({1, -1, 1, 1});
  const Tensor maximum = at::maximum(weights.maximum, extra);
  const Tensor others = weights.sum * (weights.maximum - maximum).exp();
  const Tensor sum = others + (extra - maximum).exp();
  return {weights.weights * (others / sum), maximum, sum};
}

Tensor attention_weights(const Tensor& query, const Tensor& key, const OptionalTensor& shift,
                         double scale, const Masking& masking, const Tensor& maximum,
                         const Tensor& sum) {
  return (scores(query, key, shift, scale, masking) - maximum).exp() / sum;
}

Tensor kept(const Tensor& bits, const Tensor& like, double keep) {
  return bits.defined() ? bits.reshape(like.sizes()).to(at::kFloat) / keep : Tensor();
}

Gradients attention_gradients(const Tensor& grad, const Tensor& query, const Tensor& key,
                              const Tensor& value, const Tensor& weights, const Tensor& dropout,
                              double scale, int64_t groups) {
  Tensor weights_grad = at::matmul(grad, value.transpose(-1, -2));
  if (dropout.defined()) weights_grad = weights_grad * dropout;
  const Tensor used = dropout.defined() ? weights * dropout : weights;
  const Tensor inner = (weights_grad * weights).sum(-1, true);
  const Tensor scores_grad = weights * (weights_grad - inner) * scale;
  return {at::matmul(scores_grad, key),
          gather_groups(at::matmul(scores_grad.transpose(-1, -2), query), groups),
          gather_groups(at::matmul(used.transpose(-1, -2), grad), groups), scores_grad, inner};
}

}  // namespace ascend_emulator
