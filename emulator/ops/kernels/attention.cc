#include "emulator/ops/functions/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/matmul.h>

#include <limits>

#include "emulator/ops/emulate.h"
#include "emulator/ops/kernels/bits.h"

// Attention over whole score matrices in float32:
// O = drop(softmax(mask(scale * (Q K' + shift)))) V.
namespace ascend_emulator {
namespace {

// A tensor of a documented layout as [batch, heads, sequence, depth], and back.
class Layout {
 public:
  Layout(std::string_view name) : name_(name) {
    TORCH_CHECK(name == "BNSD" || name == "BSND" || name == "BSH" || name == "SBH",
                "inputLayout is ", name, "; it must be BNSD, BSND, BSH or SBH.");
  }

  int64_t depth(const Tensor& query, int64_t heads) const {
    return name_.back() == 'H' ? query.size(-1) / heads : query.size(-1);
  }

  Tensor split(const Tensor& tensor, int64_t depth) const {
    const Tensor wide = tensor.to(at::kFloat);
    if (name_ == "BNSD") return wide;
    if (name_ == "BSND") return wide.transpose(1, 2);
    const Tensor heads = wide.unflatten(-1, {-1, depth});
    return name_ == "BSH" ? heads.transpose(1, 2) : heads.permute({1, 2, 0, 3});
  }

  Tensor join(const Tensor& heads) const {
    if (name_ == "BNSD") return heads;
    if (name_ == "BSND") return heads.transpose(1, 2);
    return (name_ == "BSH" ? heads.transpose(1, 2) : heads.permute({2, 0, 1, 3})).flatten(-2);
  }

 private:
  std::string_view name_;
};

// Which scores the attention leaves out.
struct Masking {
  OptionalTensor mask;
  int64_t sparse_mode, before, after;

  // True where column - row, shifted, is outside of [-before, after].
  static Tensor outside(int64_t rows, int64_t columns, int64_t shift, int64_t before,
                        int64_t after) {
    const Tensor distance =
        at::arange(columns, at::kLong) - at::arange(rows, at::kLong).unsqueeze(-1) - shift;
    return at::logical_or(distance > after, distance < -before);
  }

  // Undefined: nothing is left out.
  Tensor excluded(int64_t rows, int64_t columns) const {
    constexpr int64_t kAll = std::numeric_limits<int32_t>::max();
    switch (sparse_mode) {
      case 0:
        if (!mask) return {};
        return at::logical_or(mask->to(at::kBool), outside(rows, columns, 0, before, after));
      case 1:
        return mask ? mask->to(at::kBool) : Tensor();
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
};

// Scores [B, N, Sq, Skv] of heads; a key or value head may serve several query heads.
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

// Factors of dropout: 0 or 1 / keep.
Tensor kept(const OptionalTensor& bits, const Tensor& like, double keep) {
  if (!bits || bits->numel() == 0 || keep >= 1) return {};
  return unpack_bits(bits->flatten(), like.numel()).reshape(like.sizes()).to(at::kFloat) / keep;
}

Tensor spread(const Tensor& heads, int64_t groups) {
  return groups == 1 ? heads : heads.repeat_interleave(groups, 1);
}

Tensor gather_groups(const Tensor& heads, int64_t groups) {
  return groups == 1 ? heads : heads.unflatten(1, {-1, groups}).sum(2);
}

}  // namespace

EMULATE(aclnnFlashAttentionScore, [](Tensor query, Tensor key, Tensor value, OptionalTensor shift,
                                     OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask,
                                     OptionalIntArray, double scale, double keep, int64_t before,
                                     int64_t after, int64_t heads, std::string_view layout_name,
                                     int64_t, int64_t sparse_mode, Tensor softmax_max,
                                     Tensor softmax_sum, OptionalTensor, Tensor out) {
  const Layout layout(layout_name);
  const int64_t depth = layout.depth(query, heads);
  const Tensor q = layout.split(query, depth), k = layout.split(key, depth);
  const int64_t groups = heads / k.size(1);
  Tensor weights = scores(q, spread(k, groups), shift, scale, {mask, sparse_mode, before, after});
  const Tensor maximum = weights.amax(-1, true);
  weights = (weights - maximum).exp();
  const Tensor sum = weights.sum(-1, true);
  softmax_max.copy_(maximum.expand_as(softmax_max));
  softmax_sum.copy_(sum.expand_as(softmax_sum));
  weights = weights / sum;
  const Tensor dropout = kept(drop_bits, weights, keep);
  if (dropout.defined()) weights = weights * dropout;
  const int64_t value_depth =
      value.size(-1) == key.size(-1) ? depth : layout.depth(value, k.size(1));
  out.copy_(layout.join(at::matmul(weights, spread(layout.split(value, value_depth), groups))));
})

EMULATE(aclnnFlashAttentionScoreGrad, [](Tensor query, Tensor key, Tensor value, Tensor grad,
                                         OptionalTensor shift, OptionalTensor drop_bits,
                                         OptionalTensor, OptionalTensor mask,
                                         OptionalTensor softmax_max, OptionalTensor softmax_sum,
                                         OptionalTensor, OptionalTensor, OptionalIntArray,
                                         double scale, double keep, int64_t before, int64_t after,
                                         int64_t heads, std::string_view layout_name, int64_t,
                                         int64_t sparse_mode, Tensor grad_query, Tensor grad_key,
                                         Tensor grad_value, OptionalTensor grad_shift) {
  TORCH_CHECK(softmax_max && softmax_sum, "softmaxMaxOptional and softmaxSumOptional are needed.");
  const Layout layout(layout_name);
  const int64_t depth = layout.depth(query, heads);
  const Tensor q = layout.split(query, depth), kv = layout.split(key, depth);
  const int64_t groups = heads / kv.size(1);
  const Tensor k = spread(kv, groups);
  const int64_t value_depth =
      value.size(-1) == key.size(-1) ? depth : layout.depth(value, kv.size(1));
  const Tensor v = spread(layout.split(value, value_depth), groups);
  const Tensor out_grad = layout.split(grad, value_depth);

  const Tensor raw = scores(q, k, shift, scale, {mask, sparse_mode, before, after});
  const Tensor weights = (raw - softmax_max->slice(-1, 0, 1)).exp() / softmax_sum->slice(-1, 0, 1);
  const Tensor dropout = kept(drop_bits, weights, keep);
  Tensor weights_grad = at::matmul(out_grad, v.transpose(-1, -2));
  if (dropout.defined()) weights_grad = weights_grad * dropout;
  const Tensor used = dropout.defined() ? weights * dropout : weights;
  const Tensor inner = (weights_grad * weights).sum(-1, true);
  const Tensor scores_grad = weights * (weights_grad - inner) * scale;

  grad_query.copy_(layout.join(at::matmul(scores_grad, k)));
  grad_key.copy_(layout.join(gather_groups(at::matmul(scores_grad.transpose(-1, -2), q), groups)));
  grad_value.copy_(
      layout.join(gather_groups(at::matmul(used.transpose(-1, -2), out_grad), groups)));
  if (grad_shift && grad_shift->numel() > 0) {
    grad_shift->copy_(scores_grad.sum_to_size(grad_shift->sizes()));
  }
})

}  // namespace ascend_emulator
