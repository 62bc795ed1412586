#include "emulator/ops/functions/sparse_attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "emulator/ops/kernels/operand.h"
#include "emulator/ops/kernels/optional.h"
#include "emulator/ops/kernels/sparse_sequences.h"

// Attention to the keys that matter, and which keys do. There is one head of keys, as on hardware.
namespace ascend_emulator {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

// Which keys each query may see at all: [queries, keys].
Tensor visible(int64_t rows, int64_t columns, int64_t sparse_mode) {
  TORCH_CHECK(sparse_mode == 0 || sparse_mode == 3, "sparseMode is ", sparse_mode,
              "; it must be 0 or 3.");
  const Tensor all = at::ones({rows, columns}, at::kBool);
  return sparse_mode == 0 ? all : all.tril(columns - rows);
}

// ---- which keys matter ----

// The best `count` keys of each query; -1 where there are no more.
void store_best(const Tensor& scores, int64_t sparse_mode, Tensor indices, OptionalTensor values) {
  const Tensor seen = visible(scores.size(0), scores.size(1), sparse_mode);
  const auto [sorted, order] =
      scores.masked_fill(seen.logical_not(), kNever).sort(/*stable=*/true, -1, true);
  const int64_t used = std::min(scores.size(1), indices.size(-1));
  const Tensor best = sorted.slice(-1, 0, used);
  indices.slice(-1, 0, used)
      .select(1, 0)
      .copy_(order.slice(-1, 0, used).masked_fill(best == kNever, -1));
  if (values) values->slice(-1, 0, used).select(1, 0).copy_(best);
}

// ---- attention ----

// From the blocks of keys that were chosen: [queries, keys]. -1 ends a list.
Tensor chosen(const Tensor& blocks, int64_t keys, int64_t block_size) {
  const int64_t count = (keys + block_size - 1) / block_size;
  const Tensor ids = blocks.to(at::kLong);
  const Tensor valid = (ids >= 0).to(at::kLong).cumprod(-1).to(at::kBool);
  Tensor found = at::zeros({ids.size(0), count + 1}, at::kBool);
  found.scatter_(1, ids.clamp_max(count).masked_fill(valid.logical_not(), count), true);
  return found.slice(1, 0, count).repeat_interleave(block_size, 1).slice(1, 0, keys);
}

struct Attention {
  Tensor out, maximum, sum;  // [queries, heads, depth], [queries, heads]
};
// query: [queries, heads, depth]; key, value: [keys, depth]; mask: [queries, keys], what is seen.
Attention attend(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& mask,
                 double scale, const OptionalTensor& sinks) {
  const Tensor scores =
      (at::matmul(query, key.t()) * scale).masked_fill(mask.unsqueeze(1).logical_not(), kNever);
  Tensor maximum = scores.amax(-1, true);
  if (has(sinks)) maximum = at::maximum(maximum, sinks->reshape({1, -1, 1}));
  maximum = maximum.masked_fill(maximum == kNever, 0);  // nothing is seen: zeros
  const Tensor weights = (scores - maximum).exp();
  Tensor sum = weights.sum(-1, true);
  if (has(sinks)) sum = sum + (sinks->reshape({1, -1, 1}) - maximum).exp();
  const Tensor divisor = sum.masked_fill(sum == 0, 1);
  return {at::matmul(weights / divisor, value), maximum.squeeze(-1), sum.squeeze(-1)};
}

struct SparseFlashAttention {
  Tensor query, key;
  OptionalTensor value;
  Tensor indices;
  OptionalTensor query_rope, key_rope, sinks;
  double scale;
  int64_t block_size, sparse_mode;

  void run(const Sequences& sequences, Tensor out, OptionalTensor maximum,
           OptionalTensor sum) const {
    out.zero_();
    for (int64_t b = 0; b < sequences.count(); ++b) {
      const auto joined = [](const Tensor& tensor, const OptionalTensor& rope) {
        return has(rope) ? at::cat({wide(tensor), wide(*rope)}, -1) : wide(tensor);
      };
      const Tensor q =
          joined(sequences.queries(query, b),
                 part(query_rope, [&](const Tensor& t) { return sequences.queries(t, b); }));
      const Tensor k = joined(sequences.keys(key, b),
                              part(key_rope, [&](const Tensor& t) { return sequences.keys(t, b); }))
                           .squeeze(1);
      const Tensor v = wide(sequences.keys(has(value) ? *value : key, b)).squeeze(1);
      if (q.size(0) == 0 || k.size(0) == 0) continue;
      const Tensor mask =
          at::logical_and(chosen(sequences.queries(indices, b).squeeze(1), k.size(0), block_size),
                          visible(q.size(0), k.size(0), sparse_mode));
      const Attention found = attend(q, k, v, mask, scale, sinks);
      sequences.queries(out, b).copy_(found.out);
      if (has(maximum)) sequences.queries(by_token(*maximum), b).copy_(found.maximum);
      if (has(sum)) sequences.queries(by_token(*sum), b).copy_(found.sum);
    }
  }

 private:
  template <class Take>
  static OptionalTensor part(const OptionalTensor& tensor, Take take) {
    return has(tensor) ? OptionalTensor(take(*tensor)) : tensor;
  }
  // [1, tokens, heads] as [tokens, heads], and [B, 1, S, heads] as [B, S, heads].
  static Tensor by_token(const Tensor& statistic) {
    return statistic.dim() == 3 ? statistic.select(0, 0) : statistic.select(1, 0);
  }
};

}  // namespace

EMULATE(aclnnLightningIndexer,
        [](Tensor query, Tensor key, Tensor weights, OptionalTensor query_lengths,
           OptionalTensor key_lengths, OptionalTensor blocks, std::string_view query_layout,
           std::string_view key_layout, int64_t, int64_t sparse_mode, int64_t, int64_t,
           bool with_values, Tensor indices, OptionalTensor values) {
          const Sequences sequences(query, query_layout, query_lengths, key_layout, key_lengths,
                                    blocks);
          indices.fill_(-1);
          if (with_values && values) values->fill_(kNever);
          for (int64_t b = 0; b < sequences.count(); ++b) {
            const Tensor q = wide(sequences.queries(query, b));
            const Tensor k = wide(sequences.keys(key, b)).squeeze(1);
            if (q.size(0) == 0 || k.size(0) == 0) continue;
            const Tensor w = wide(sequences.queries(weights, b)).unsqueeze(-1);
            const Tensor scores = (at::matmul(q, k.t()).relu() * w).sum(1);
            store_best(scores, sparse_mode, sequences.queries(indices, b),
                       with_values && values ? OptionalTensor(sequences.queries(*values, b))
                                             : OptionalTensor());
          }
        })

EMULATE(aclnnQuantLightningIndexer,
        [](Tensor query, Tensor key, Tensor weights, Tensor query_scale, Tensor key_scale,
           OptionalTensor query_lengths, OptionalTensor key_lengths, OptionalTensor blocks, int64_t,
           int64_t, std::string_view query_layout, std::string_view key_layout, int64_t,
           int64_t sparse_mode, int64_t, int64_t, Tensor indices) {
          // The hardware keeps products in float16: they are made smaller, which changes no order.
          constexpr double kShrink = 1.0 / 1024;
          const Sequences sequences(query, query_layout, query_lengths, key_layout, key_lengths,
                                    blocks);
          indices.fill_(-1);
          for (int64_t b = 0; b < sequences.count(); ++b) {
            const Tensor q = sequences.queries(query, b).to(at::kFloat);
            const Tensor k = sequences.keys(key, b).to(at::kFloat).squeeze(1);
            if (q.size(0) == 0 || k.size(0) == 0) continue;
            const Tensor w = sequences.queries(weights, b) * sequences.queries(query_scale, b);
            const Tensor products = (at::matmul(q, k.t()).relu() * kShrink).to(at::kHalf);
            const Tensor scores = (wide(products) * wide(w).unsqueeze(-1)).sum(1) *
                                  wide(sequences.keys(key_scale, b)).reshape({1, -1});
            store_best(scores, sparse_mode, sequences.queries(indices, b), {});
          }
        })

EMULATE(aclnnSparseFlashAttention,
        [](Tensor query, Tensor key, OptionalTensor value, Tensor indices, OptionalTensor blocks,
           OptionalTensor query_lengths, OptionalTensor key_lengths, OptionalTensor query_rope,
           OptionalTensor key_rope, double scale, int64_t block_size, std::string_view query_layout,
           std::string_view key_layout, int64_t sparse_mode, int64_t, int64_t, int64_t,
           bool with_statistics, Tensor out, OptionalTensor maximum, OptionalTensor sum) {
          const Sequences sequences(query, query_layout, query_lengths, key_layout, key_lengths,
                                    blocks);
          const SparseFlashAttention attention{query,    key, value, indices,    query_rope,
                                               key_rope, {},  scale, block_size, sparse_mode};
          if (!with_statistics) maximum = sum = {};
          attention.run(sequences, out, maximum, sum);
        })

EMULATE(aclnnSparseFlashAttentionV2,
        [](Tensor query, Tensor key, OptionalTensor value, Tensor indices, OptionalTensor blocks,
           OptionalTensor query_lengths, OptionalTensor key_lengths, OptionalTensor query_rope,
           OptionalTensor key_rope, OptionalTensor sinks, double scale, int64_t block_size,
           std::string_view query_layout, std::string_view key_layout, int64_t sparse_mode, int64_t,
           int64_t, int64_t, bool with_statistics, Tensor out, OptionalTensor maximum,
           OptionalTensor sum) {
          const Sequences sequences(query, query_layout, query_lengths, key_layout, key_lengths,
                                    blocks);
          const SparseFlashAttention attention{query,    key,   value, indices,    query_rope,
                                               key_rope, sinks, scale, block_size, sparse_mode};
          if (!with_statistics) maximum = sum = {};
          attention.run(sequences, out, maximum, sum);
        })

// A key is its int8 part, its rotated part in the dtype of the query, and a float32 scale for each
// tile of the int8 part, all in bytes. The int8 part is the value, too.
EMULATE(aclnnKvQuantSparseFlashAttention,
        [](Tensor query, Tensor key, Tensor, Tensor indices, OptionalTensor key_scale,
           OptionalTensor value_scale, OptionalTensor blocks, OptionalTensor query_lengths,
           OptionalTensor key_lengths, double scale, int64_t, int64_t, int64_t block_size,
           std::string_view query_layout, std::string_view key_layout, int64_t sparse_mode, int64_t,
           int64_t, int64_t, int64_t scale_storage, int64_t tile, int64_t rope_depth, Tensor out) {
          TORCH_CHECK(!has(key_scale) && !has(value_scale) && scale_storage == 1,
                      "scales apart from the keys are not emulated: quantScaleRepoMode must be 1.");
          const int64_t depth = query.size(-1) - rope_depth;
          const int64_t rope_end = depth + rope_depth * query.element_size();
          TORCH_CHECK(key.size(-1) == rope_end + depth / tile * 4, "the last dimension of key is ",
                      key.size(-1), "; it must be ", rope_end + depth / tile * 4, " bytes.");
          const auto bytes = [&](int64_t begin, int64_t end, ScalarType type) {
            return key.slice(-1, begin, end).contiguous().view(type);
          };
          const Tensor scales = bytes(rope_end, key.size(-1), at::kFloat);
          const Tensor latent =
              key.slice(-1, 0, depth).to(at::kFloat) * scales.repeat_interleave(tile, -1);
          const Sequences sequences(query, query_layout, query_lengths, key_layout, key_lengths,
                                    blocks);
          const SparseFlashAttention attention{
              query,      at::cat({latent, wide(bytes(depth, rope_end, query.scalar_type()))}, -1),
              latent,     indices,
              {},         {},
              {},         scale,
              block_size, sparse_mode};
          attention.run(sequences, out, {}, {});
        })

}  // namespace ascend_emulator
