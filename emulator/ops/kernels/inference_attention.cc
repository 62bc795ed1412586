#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

#include "emulator/ops/functions/inference.h"
#include "emulator/ops/kernels/attention_math.h"

// Attention of inference: sequences of different lengths, keys and values in blocks of a cache.
namespace ascend_emulator {
namespace {

struct Options {
  std::string_view layout;
  int64_t heads, key_heads;
  double scale;
  int64_t before, after, sparse_mode;
  OptionalTensor mask, shift, block_table;
  OptionalIntArray query_lengths, key_lengths;
  OptionalTensor query_rope, key_rope;
};

bool has(const OptionalTensor& tensor) { return tensor && tensor->numel() > 0; }
bool has(const OptionalIntArray& values) { return values && !values->empty(); }

class Inference {
 public:
  Inference(const Options& options, const Tensor& query)
      : options_(options),
        layout_(options.layout == "BNSD_BSND" ? "BNSD" : options.layout),
        key_heads_(options.key_heads == 0 ? options.heads : options.key_heads) {
    TORCH_CHECK(layout_ == "BSH" || layout_ == "BSND" || layout_ == "BNSD" || layout_ == "TND",
                "inputLayout is ", options.layout,
                "; it must be BSH, BSND, BNSD, BNSD_BSND or TND.");
    TORCH_CHECK(is_packed() ? has(options.query_lengths) : true,
                "actualSeqLengths are needed with TND.");
    batch_ = is_packed() ? options.query_lengths->size() : query.size(0);
  }

  void run(const Tensor& query, const Tensors& keys, const Tensors& values, Tensor& out,
           OptionalTensor& lse) const {
    out.zero_();
    for (int64_t b = 0; b < batch_; ++b) {
      Tensor q = queries(query, b);
      if (has(options_.query_rope)) q = at::cat({q, queries(*options_.query_rope, b)}, -1);
      const Tensor v = stored(values, b);
      Tensor k = stored(keys, b);
      if (has(options_.key_rope)) k = at::cat({k, stored({*options_.key_rope}, b)}, -1);
      const int64_t groups = options_.heads / key_heads_;
      const Masking masking{sliced(options_.mask, b, q.size(2), k.size(2)), options_.sparse_mode,
                            options_.before, options_.after};
      if (k.size(2) == 0) continue;
      const auto [weights, maximum, sum] =
          attention_weights(q, spread(k, groups), sliced(options_.shift, b, q.size(2), k.size(2)),
                            options_.scale, masking);
      put(out, b, weights.matmul(spread(v, groups)), options_.layout);
      if (lse && lse->numel() > 1) put(*lse, b, maximum + sum.log(), is_packed() ? "TND" : "BNSD");
    }
  }

 private:
  bool is_packed() const { return layout_ == "TND"; }

  // [1, heads, length, depth] of sequence b.
  Tensor queries(const Tensor& tensor, int64_t b) const {
    const auto [begin, end] = query_range(tensor, b);
    return part(tensor, b, begin, end, options_.heads);
  }

  std::pair<int64_t, int64_t> query_range(const Tensor& tensor, int64_t b) const {
    const auto& lengths = options_.query_lengths;
    if (is_packed()) return {b == 0 ? 0 : (*lengths)[b - 1], (*lengths)[b]};
    const int64_t all = tensor.size(layout_ == "BNSD" ? 2 : 1);
    return {0, has(lengths) ? std::min(all, length(*lengths, b)) : all};
  }

  static int64_t length(IntArray lengths, int64_t b) {
    return lengths[lengths.size() == 1 ? 0 : b];
  }

  Tensor part(const Tensor& tensor, int64_t b, int64_t begin, int64_t end, int64_t heads) const {
    const Tensor wide = tensor.to(at::kFloat);
    if (is_packed()) return wide.slice(0, begin, end).transpose(0, 1).unsqueeze(0);
    const Tensor one = wide.slice(0, b, b + 1);
    if (layout_ == "BNSD") return one.slice(2, begin, end);
    const Tensor split = layout_ == "BSH" ? one.unflatten(-1, {heads, -1}) : one;
    return split.slice(1, begin, end).transpose(1, 2);
  }

  // Keys or values of sequence b.
  Tensor stored(const Tensors& tensors, int64_t b) const {
    const auto& lengths = options_.key_lengths;
    if (has(options_.block_table)) {
      TORCH_CHECK(has(lengths), "actualSeqLengthsKv are needed with a block table.");
      return from_blocks(tensors[0], b, length(*lengths, b));
    }
    if (is_packed()) {
      TORCH_CHECK(has(lengths), "actualSeqLengthsKv are needed with TND.");
      return part(tensors[0], b, b == 0 ? 0 : (*lengths)[b - 1], (*lengths)[b], key_heads_);
    }
    const bool apart = tensors.size() > 1;
    const Tensor& tensor = tensors[apart ? b : 0];
    const int64_t all = tensor.size(layout_ == "BNSD" ? 2 : 1);
    return part(tensor, apart ? 0 : b, 0, has(lengths) ? std::min(all, length(*lengths, b)) : all,
                key_heads_);
  }

  // Blocks are [size, heads * depth] or [heads, size, depth].
  Tensor from_blocks(const Tensor& cache, int64_t b, int64_t length) const {
    const Tensor blocks =
        cache.dim() == 3 ? cache.unflatten(-1, {key_heads_, -1}) : cache.transpose(1, 2);
    const int64_t size = blocks.size(1), count = (length + size - 1) / size;
    const Tensor index = options_.block_table->select(0, b).slice(0, 0, count).to(at::kLong);
    return blocks.index_select(0, index)
        .flatten(0, 1)
        .slice(0, 0, length)
        .to(at::kFloat)
        .transpose(0, 1)
        .unsqueeze(0);
  }

  // What a mask or shift has for sequence b: [1, heads or 1, rows, columns].
  OptionalTensor sliced(const OptionalTensor& tensor, int64_t b, int64_t rows,
                        int64_t columns) const {
    if (!has(tensor)) return std::nullopt;
    Tensor result = *tensor;
    if (result.dim() > 2 && result.size(0) > 1) result = result.slice(0, b, b + 1);
    if (result.dim() == 3) result = result.unsqueeze(1);
    return result.slice(-1, 0, columns).slice(-2, 0, rows);
  }

  void put(Tensor& out, int64_t b, const Tensor& heads, std::string_view layout) const {
    const int64_t length = heads.size(2);
    if (layout == "TND") {
      const int64_t begin = b == 0 ? 0 : (*options_.query_lengths)[b - 1];
      out.slice(0, begin, begin + length).copy_(heads.squeeze(0).transpose(0, 1));
    } else if (layout == "BNSD") {
      out.select(0, b).slice(1, 0, length).copy_(heads.squeeze(0));
    } else {
      const Tensor rows = heads.squeeze(0).transpose(0, 1);
      out.select(0, b).slice(0, 0, length).copy_(layout == "BSH" ? rows.flatten(-2) : rows);
    }
  }

  const Options& options_;
  std::string_view layout_;  // of the inputs
  int64_t key_heads_, batch_;
};

template <class... Tensor>
void refuse(const char* what, const Tensor&... tensors) {
  TORCH_CHECK(!(has(tensors) || ...), what, " is not emulated.");
}

}  // namespace

EMULATE(aclnnPromptFlashAttentionV3,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor mask,
           OptionalIntArray lengths, OptionalIntArray key_lengths, OptionalTensor deq1,
           OptionalTensor quant1, OptionalTensor deq2, OptionalTensor quant2,
           OptionalTensor offset2, int64_t heads, double scale, int64_t before, int64_t after,
           std::string_view layout, int64_t key_heads, int64_t sparse_mode, int64_t, Tensor out) {
          refuse("quantised attention", deq1, quant1, deq2, quant2, offset2);
          const Options options{layout, heads, key_heads, scale,   before,      after, sparse_mode,
                                mask,   shift, {},        lengths, key_lengths, {},    {}};
          OptionalTensor no_lse;
          Inference(options, query).run(query, {key}, {value}, out, no_lse);
        })

EMULATE(aclnnIncreFlashAttentionV4,
        [](Tensor query, Tensors keys, Tensors values, OptionalTensor shift, OptionalTensor mask,
           OptionalIntArray lengths, OptionalTensor deq1, OptionalTensor quant1,
           OptionalTensor deq2, OptionalTensor quant2, OptionalTensor offset2,
           OptionalTensor antiquant_scale, OptionalTensor antiquant_offset, OptionalTensor blocks,
           OptionalTensor padding, int64_t heads, double scale, std::string_view layout,
           int64_t key_heads, int64_t, int64_t, Tensor out) {
          refuse("quantised attention", deq1, quant1, deq2, quant2, offset2, antiquant_scale,
                 antiquant_offset);
          refuse("padding on the left", padding);
          const Options options{layout, heads, key_heads, scale, 0,       0,  1,
                                mask,   shift, blocks,    {},    lengths, {}, {}};
          OptionalTensor no_lse;
          Inference(options, query).run(query, keys, values, out, no_lse);
        })

EMULATE(aclnnFusedInferAttentionScoreV3,
        [](Tensor query, Tensors keys, Tensors values, OptionalTensor shift, OptionalTensor mask,
           OptionalIntArray lengths, OptionalIntArray key_lengths, OptionalTensor deq1,
           OptionalTensor quant1, OptionalTensor deq2, OptionalTensor quant2,
           OptionalTensor offset2, OptionalTensor anti_scale, OptionalTensor anti_offset,
           OptionalTensor blocks, OptionalTensor query_padding, OptionalTensor key_padding,
           OptionalTensor key_scale, OptionalTensor key_offset, OptionalTensor value_scale,
           OptionalTensor value_offset, OptionalTensor key_prefix, OptionalTensor value_prefix,
           OptionalIntArray, OptionalTensor query_rope, OptionalTensor key_rope,
           OptionalTensor rope_scale, int64_t heads, double scale, int64_t before, int64_t after,
           std::string_view layout, int64_t key_heads, int64_t sparse_mode, int64_t, int64_t,
           int64_t, bool with_lse, int64_t, int64_t, Tensor out, OptionalTensor lse) {
          refuse("quantised attention", deq1, quant1, deq2, quant2, offset2, anti_scale,
                 anti_offset, key_scale, key_offset, value_scale, value_offset, rope_scale);
          refuse("padding on the left", query_padding, key_padding);
          refuse("a shared prefix", key_prefix, value_prefix);
          const Options options{layout,  heads,       key_heads,  scale,   before,
                                after,   sparse_mode, mask,       shift,   blocks,
                                lengths, key_lengths, query_rope, key_rope};
          OptionalTensor wanted = with_lse ? lse : OptionalTensor();
          Inference(options, query).run(query, keys, values, out, wanted);
        })

EMULATE(aclnnFusedInferAttentionScoreV4,
        [](Tensor query, Tensors keys, Tensors values, OptionalTensor shift, OptionalTensor mask,
           OptionalIntArray lengths, OptionalIntArray key_lengths, OptionalTensor deq1,
           OptionalTensor quant1, OptionalTensor deq2, OptionalTensor quant2,
           OptionalTensor offset2, OptionalTensor anti_scale, OptionalTensor anti_offset,
           OptionalTensor blocks, OptionalTensor query_padding, OptionalTensor key_padding,
           OptionalTensor key_scale, OptionalTensor key_offset, OptionalTensor value_scale,
           OptionalTensor value_offset, OptionalTensor key_prefix, OptionalTensor value_prefix,
           OptionalIntArray, OptionalTensor query_rope, OptionalTensor key_rope,
           OptionalTensor rope_scale, OptionalTensor query_scale, OptionalTensor sink,
           int64_t heads, double scale, int64_t before, int64_t after, std::string_view layout,
           int64_t key_heads, int64_t sparse_mode, int64_t, int64_t, int64_t, bool with_lse,
           int64_t, int64_t, int64_t, Tensor out, OptionalTensor lse) {
          refuse("quantised attention", deq1, quant1, deq2, quant2, offset2, anti_scale,
                 anti_offset, key_scale, key_offset, value_scale, value_offset, rope_scale,
                 query_scale);
          refuse("padding on the left", query_padding, key_padding);
          refuse("a shared prefix", key_prefix, value_prefix);
          refuse("a learnable sink", sink);
          const Options options{layout,  heads,       key_heads,  scale,   before,
                                after,   sparse_mode, mask,       shift,   blocks,
                                lengths, key_lengths, query_rope, key_rope};
          OptionalTensor wanted = with_lse ? lse : OptionalTensor();
          Inference(options, query).run(query, keys, values, out, wanted);
        })

// Parts of one attention, each over some of the keys, as one.
EMULATE(aclnnAttentionUpdate,
        [](Tensors lse, Tensors parts, int64_t, Tensor out, OptionalTensor lse_out) {
          const Tensor all = at::stack(lse, 0);
          const Tensor total = all.logsumexp(0);
          const Tensor factors = (all - total).exp().unsqueeze(-1);
          out.copy_((at::stack(parts, 0).to(at::kFloat) * factors).sum(0));
          if (lse_out && lse_out->numel() > 0) lse_out->copy_(total);
        })

}  // namespace ascend_emulator
