#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/stack.h>

#include <algorithm>

#include "emulator/ops/functions/inference.h"
#include "emulator/ops/kernels/attention_math.h"
#include "emulator/ops/kernels/attention_quantization.h"

// Attention of inference: sequences of different lengths, keys and values in blocks of a cache.
namespace ascend_emulator {
namespace {

struct Options {
  std::string_view layout;  // of queries, and after an underscore of the result
  int64_t heads, key_heads;
  double scale;
  int64_t before, after, sparse_mode;
  OptionalTensor mask, shift, block_table;
  OptionalIntArray query_lengths = {}, key_lengths = {};
  OptionalTensor query_rope = {}, key_rope = {};
  OptionalTensor query_padding = {}, key_padding = {};
  OptionalTensor key_prefix = {}, value_prefix = {};
  OptionalIntArray prefix_length = {};
  OptionalTensor sink = {};
  AntiQuantization key = {}, value = {};
  Quantization quantization = {};
};

class Inference {
 public:
  Inference(const Options& options, const Tensor& query)
      : options_(options),
        layout_(options.layout.substr(0, options.layout.find('_'))),
        out_layout_(options.layout.substr(options.layout.rfind('_') + 1)),
        key_heads_(options.key_heads == 0 ? options.heads : options.key_heads) {
    for (const std::string_view one : {layout_, out_layout_}) {
      const std::string_view known[] = {"BSH", "BSND", "BNSD", "NBSD", "TND", "NTD", "NSD"};
      TORCH_CHECK(std::ranges::find(known, one) != std::end(known), "inputLayout is ",
                  options.layout, ", with ", one, ", which is not emulated.");
    }
    TORCH_CHECK(options.sparse_mode < 2 || has(options.mask), "sparseMode ", options.sparse_mode,
                " needs attenMaskOptional [2048, 2048].");
    TORCH_CHECK(is_packed() ? has(options.query_lengths) : true,
                "actualSeqLengths are needed with TND and NTD.");
    batch_ = is_packed()        ? static_cast<int64_t>(options.query_lengths->size())
             : layout_ == "NSD" ? 1
                                : query.size(0);
  }

  void run(const Tensor& query, const Tensors& keys, const Tensors& values, Tensor& out,
           OptionalTensor& lse) const {
    out.zero_();
    if (lse) lse->zero_();  // of what is padding, too
    for (int64_t b = 0; b < batch_; ++b) {
      const auto [begin, end] = query_range(query, b);
      if (begin < 0) continue;  // more padding than room: nothing is computed
      const auto of_queries = [&](const Tensor& tensor) {
        return part(tensor, layout_, b, begin, end, options_.heads).to(at::kFloat).unsqueeze(0);
      };
      Tensor q = of_queries(query);
      if (has(options_.query_rope)) q = at::cat({q, of_queries(*options_.query_rope)}, -1);
      const Tensor v = with_prefix(options_.value_prefix, stored(values, b, options_.value));
      Tensor k = with_prefix(options_.key_prefix, stored(keys, b, options_.key));
      if (has(options_.key_rope)) k = at::cat({k, stored({*options_.key_rope}, b, {})}, -1);
      if (k.size(2) == 0) continue;
      const int64_t groups = options_.heads / key_heads_;
      const bool of_sequence = options_.sparse_mode < 2;
      const Masking masking{
          of_sequence ? sliced(options_.mask, b, q.size(2), k.size(2)) : options_.mask,
          options_.sparse_mode, options_.before, options_.after};
      const OptionalTensor shift = sliced(options_.shift, b, q.size(2), k.size(2));
      q = options_.quantization.of_scores(q);
      const Weights found = with_sink(
          attention_weights(q, spread(k, groups), shift, options_.scale, masking), options_.sink);
      const Tensor result = options_.quantization.product(found, spread(v, groups));
      part(out, out_layout_, b, begin, end, options_.heads)
          .copy_(options_.quantization.of_result(result).squeeze(0));
      if (lse && lse->numel() > 1) {
        part(*lse, is_packed() ? "TND" : "BNSD", b, begin, end, options_.heads)
            .copy_((found.maximum + found.sum.log()).squeeze(0));
      }
    }
  }

 private:
  bool is_packed() const { return layout_ == "TND" || layout_ == "NTD"; }

  // [heads, length, depth] of a sequence, a view.
  static Tensor part(const Tensor& tensor, std::string_view layout, int64_t b, int64_t begin,
                     int64_t end, int64_t heads) {
    if (layout == "TND") return tensor.slice(0, begin, end).transpose(0, 1);
    if (layout == "NTD" || layout == "NSD") return tensor.slice(1, begin, end);
    if (layout == "NBSD") return tensor.select(1, b).slice(1, begin, end);
    const Tensor one = tensor.select(0, b);
    if (layout == "BNSD") return one.slice(1, begin, end);
    const Tensor split = layout == "BSH" ? one.unflatten(-1, {heads, -1}) : one;
    return split.slice(0, begin, end).transpose(0, 1);
  }

  int64_t length_of(const Tensor& tensor) const { return tensor.size(layout_ == "BNSD" ? 2 : 1); }

  std::pair<int64_t, int64_t> query_range(const Tensor& tensor, int64_t b) const {
    const auto& lengths = options_.query_lengths;
    if (is_packed()) return {b == 0 ? 0 : (*lengths)[b - 1], (*lengths)[b]};
    return range(length_of(tensor), lengths, b, options_.query_padding);
  }

  // Without padding a sequence begins at 0; with it, it ends so far from the end.
  static std::pair<int64_t, int64_t> range(int64_t all, const OptionalIntArray& lengths, int64_t b,
                                           const OptionalTensor& padding) {
    const int64_t used = has(lengths) ? std::min(all, length(*lengths, b)) : all;
    if (!has(padding)) return {0, used};
    const int64_t end = all - padding->item<int64_t>();
    return {end - used, end};
  }

  static int64_t length(IntArray lengths, int64_t b) {
    return lengths[lengths.size() == 1 ? 0 : b];
  }

  // Keys or values of sequence b: [1, heads, length, depth].
  Tensor stored(const Tensors& tensors, int64_t b, const AntiQuantization& quantization) const {
    const auto& lengths = options_.key_lengths;
    if (has(options_.block_table)) {
      TORCH_CHECK(has(lengths), "actualSeqLengthsKv are needed with a block table.");
      const int64_t used = length(*lengths, b);
      const Tensor slots = block_slots(tensors[0], b, used);
      return quantization.values(from_blocks(tensors[0], slots), {b, 0, used, slots}).unsqueeze(0);
    }
    if (is_packed()) {
      TORCH_CHECK(has(lengths), "actualSeqLengthsKv are needed with TND and NTD.");
      const int64_t begin = b == 0 ? 0 : (*lengths)[b - 1];
      return quantization
          .values(part(tensors[0], layout_, b, begin, (*lengths)[b], key_heads_),
                  {b, begin, (*lengths)[b], {}})
          .unsqueeze(0);
    }
    const bool apart = tensors.size() > 1;
    const Tensor& tensor = tensors[apart ? b : 0];
    auto [begin, end] = range(length_of(tensor), lengths, b, options_.key_padding);
    if (begin < 0) begin = end = 0;
    return quantization
        .values(part(tensor, layout_, apart ? 0 : b, begin, end, key_heads_), {b, begin, end, {}})
        .unsqueeze(0);
  }

  // What all sequences begin with: a batch of one.
  Tensor with_prefix(const OptionalTensor& prefix, const Tensor& heads) const {
    if (!has(prefix)) return heads;
    const int64_t length =
        has(options_.prefix_length) ? (*options_.prefix_length)[0] : length_of(*prefix);
    const Tensor found = part(*prefix, layout_, 0, 0, length, key_heads_).to(at::kFloat);
    return at::cat({found.unsqueeze(0), heads}, 2);
  }

  // The slot, block * block size + place, of each key of sequence b.
  Tensor block_slots(const Tensor& cache, int64_t b, int64_t length) const {
    const int64_t size = cache.dim() == 3 ? cache.size(1) : cache.size(cache.dim() == 4 ? 2 : 3);
    const Tensor place = at::arange(length, at::kLong);
    const Tensor block = options_.block_table->select(0, b).to(at::kLong).index_select(
        0, at::floor_divide(place, size));
    return block * size + place.remainder(size);
  }

  // Blocks are [size, heads * depth], [heads, size, depth] or, in format NZ, [heads, depth / n,
  // size, n]. As [heads, length, depth].
  Tensor from_blocks(const Tensor& cache, const Tensor& slots) const {
    const Tensor blocks = cache.dim() == 3   ? cache.unflatten(-1, {key_heads_, -1})
                          : cache.dim() == 4 ? cache.transpose(1, 2)
                                             : cache.permute({0, 3, 1, 2, 4}).flatten(-2);
    const int64_t size = blocks.size(1);
    return blocks.index({at::floor_divide(slots, size), slots.remainder(size)}).transpose(0, 1);
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

  const Options& options_;
  std::string_view layout_, out_layout_;
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
          Options options{layout,      heads, key_heads, scale, before,  after,
                          sparse_mode, mask,  shift,     {},    lengths, key_lengths};
          options.quantization = {deq1, quant1, deq2, quant2, offset2};
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
          Options options{layout, heads, key_heads, scale,  0,  0,
                          1,      mask,  shift,     blocks, {}, lengths};
          options.key_padding = padding;
          options.key = both(antiquant_scale, antiquant_offset, 0, 0);
          options.value = both(antiquant_scale, antiquant_offset, 1, 0);
          options.quantization = {deq1, quant1, deq2, quant2, offset2};
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
           OptionalIntArray prefix_length, OptionalTensor query_rope, OptionalTensor key_rope,
           OptionalTensor rope_scale, int64_t heads, double scale, int64_t before, int64_t after,
           std::string_view layout, int64_t key_heads, int64_t sparse_mode, int64_t, int64_t,
           int64_t anti_mode, bool with_lse, int64_t key_mode, int64_t value_mode, Tensor out,
           OptionalTensor lse) {
          refuse("a scale of keyRope", rope_scale);
          Options options{layout, heads, key_heads, scale,   before,      after,      sparse_mode,
                          mask,   shift, blocks,    lengths, key_lengths, query_rope, key_rope};
          options.query_padding = query_padding;
          options.key_padding = key_padding;
          options.key_prefix = key_prefix;
          options.value_prefix = value_prefix;
          options.prefix_length = prefix_length;
          options.key = has(key_scale) ? AntiQuantization{key_scale, key_offset, key_mode}
                                       : both(anti_scale, anti_offset, 0, anti_mode);
          options.value = has(value_scale) ? AntiQuantization{value_scale, value_offset, value_mode}
                                           : both(anti_scale, anti_offset, 1, anti_mode);
          options.quantization = {deq1, quant1, deq2, quant2, offset2};
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
           OptionalIntArray prefix_length, OptionalTensor query_rope, OptionalTensor key_rope,
           OptionalTensor rope_scale, OptionalTensor query_scale, OptionalTensor sink,
           int64_t heads, double scale, int64_t before, int64_t after, std::string_view layout,
           int64_t key_heads, int64_t sparse_mode, int64_t, int64_t, int64_t anti_mode,
           bool with_lse, int64_t key_mode, int64_t value_mode, int64_t, Tensor out,
           OptionalTensor lse) {
          refuse("a scale of query or keyRope", query_scale, rope_scale);
          Options options{layout, heads, key_heads, scale,   before,      after,      sparse_mode,
                          mask,   shift, blocks,    lengths, key_lengths, query_rope, key_rope};
          options.query_padding = query_padding;
          options.key_padding = key_padding;
          options.key_prefix = key_prefix;
          options.value_prefix = value_prefix;
          options.prefix_length = prefix_length;
          options.key = has(key_scale) ? AntiQuantization{key_scale, key_offset, key_mode}
                                       : both(anti_scale, anti_offset, 0, anti_mode);
          options.value = has(value_scale) ? AntiQuantization{value_scale, value_offset, value_mode}
                                           : both(anti_scale, anti_offset, 1, anti_mode);
          options.quantization = {deq1, quant1, deq2, quant2, offset2};
          options.sink = sink;
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
