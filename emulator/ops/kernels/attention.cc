#include "emulator/ops/functions/attention.h"

#include <ATen/TensorOperators.h>

#include "emulator/ops/kernels/attention_math.h"
#include "emulator/ops/kernels/bits.h"

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

// The bits of `count` elements; undefined: no dropout.
Tensor unpacked(const OptionalTensor& bits, int64_t count, double keep) {
  if (!bits || bits->numel() == 0 || keep >= 1) return {};
  return unpack_bits(bits->flatten(), count);
}

// One sequence of a batch whose tokens lie one after the other: [tokens, heads, depth].
struct Segment {
  int64_t query_begin, query_end, key_begin, key_end;
  int64_t bits_begin, bits_end;  // of its scores

  Tensor of_queries(const Tensor& tensor) const {
    return tensor.slice(0, query_begin, query_end).to(at::kFloat).transpose(0, 1).unsqueeze(0);
  }
  Tensor of_keys(const Tensor& tensor) const {
    return tensor.slice(0, key_begin, key_end).to(at::kFloat).transpose(0, 1).unsqueeze(0);
  }
  Tensor of_bits(const Tensor& bits) const {
    return bits.defined() ? bits.slice(0, bits_begin, bits_end) : bits;
  }
};

// From the ends of the sequences.
std::vector<Segment> segments(const OptionalIntArray& queries, const OptionalIntArray& keys,
                              int64_t heads) {
  TORCH_CHECK(queries && keys && queries->size() == keys->size(),
              "actualSeqQLenOptional and actualSeqKvLenOptional must be of the same length.");
  std::vector<Segment> result;
  Segment last{};
  for (size_t i = 0; i < queries->size(); ++i) {
    Segment next{last.query_end, (*queries)[i], last.key_end, (*keys)[i], last.bits_end, 0};
    next.bits_end = next.bits_begin +
                    heads * (next.query_end - next.query_begin) * (next.key_end - next.key_begin);
    result.push_back(next);
    last = next;
  }
  return result;
}

// [1, heads, length, n] as it is stored: [length, heads, n].
void store(Tensor& target, int64_t begin, int64_t end, const Tensor& heads) {
  Tensor part = target.slice(0, begin, end);
  part.copy_(heads.squeeze(0).transpose(0, 1).expand_as(part));
}

void check_tnd(std::string_view layout, const OptionalTensor& shift) {
  TORCH_CHECK(layout == "TND", "inputLayout is ", layout, "; it must be TND.");
  TORCH_CHECK(!shift || shift->numel() == 0, "a position shift is not emulated with TND.");
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
  auto [weights, maximum, sum] =
      attention_weights(q, spread(k, groups), shift, scale, {mask, sparse_mode, before, after});
  softmax_max.copy_(maximum.expand_as(softmax_max));
  softmax_sum.copy_(sum.expand_as(softmax_sum));
  const Tensor dropout = kept(unpacked(drop_bits, weights.numel(), keep), weights, keep);
  if (dropout.defined()) weights = weights * dropout;
  const int64_t value_depth =
      value.size(-1) == key.size(-1) ? depth : layout.depth(value, k.size(1));
  out.copy_(layout.join(weights.matmul(spread(layout.split(value, value_depth), groups))));
})

EMULATE(aclnnFlashAttentionScoreGrad,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask,
           OptionalTensor softmax_max, OptionalTensor softmax_sum, OptionalTensor, OptionalTensor,
           OptionalIntArray, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout_name, int64_t, int64_t sparse_mode,
           Tensor grad_query, Tensor grad_key, Tensor grad_value, OptionalTensor grad_shift) {
          TORCH_CHECK(softmax_max && softmax_sum,
                      "softmaxMaxOptional and softmaxSumOptional are needed.");
          const Layout layout(layout_name);
          const int64_t depth = layout.depth(query, heads);
          const Tensor q = layout.split(query, depth), kv = layout.split(key, depth);
          const int64_t groups = heads / kv.size(1);
          const Tensor k = spread(kv, groups);
          const int64_t value_depth =
              value.size(-1) == key.size(-1) ? depth : layout.depth(value, kv.size(1));
          const Tensor v = spread(layout.split(value, value_depth), groups);
          const Tensor weights =
              attention_weights(q, k, shift, scale, {mask, sparse_mode, before, after},
                                softmax_max->narrow(-1, 0, 1), softmax_sum->narrow(-1, 0, 1));
          const Tensor dropout = kept(unpacked(drop_bits, weights.numel(), keep), weights, keep);
          const Gradients made = attention_gradients(layout.split(grad, value_depth), q, k, v,
                                                     weights, dropout, scale, groups);
          grad_query.copy_(layout.join(made.query));
          grad_key.copy_(layout.join(made.key));
          grad_value.copy_(layout.join(made.value));
          if (grad_shift && grad_shift->numel() > 0) {
            grad_shift->copy_(made.scores.sum_to_size(grad_shift->sizes()));
          }
        })

EMULATE(aclnnFlashAttentionVarLenScore,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, Tensor softmax_max,
           Tensor softmax_sum, OptionalTensor, Tensor out) {
          check_tnd(layout, shift);
          const int64_t groups = heads / key.size(1);
          const auto parts = segments(query_ends, key_ends, heads);
          const Tensor bits = unpacked(drop_bits, parts.back().bits_end, keep);
          for (const Segment& part : parts) {
            auto [weights, maximum, sum] =
                attention_weights(part.of_queries(query), spread(part.of_keys(key), groups), {},
                                  scale, {mask, sparse_mode, before, after});
            store(softmax_max, part.query_begin, part.query_end, maximum);
            store(softmax_sum, part.query_begin, part.query_end, sum);
            const Tensor dropout = kept(part.of_bits(bits), weights, keep);
            if (dropout.defined()) weights = weights * dropout;
            store(out, part.query_begin, part.query_end,
                  weights.matmul(spread(part.of_keys(value), groups)));
          }
        })

EMULATE(aclnnFlashAttentionUnpaddingScoreGrad,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask,
           OptionalTensor softmax_max, OptionalTensor softmax_sum, OptionalTensor, OptionalTensor,
           OptionalIntArray, OptionalIntArray query_ends, OptionalIntArray key_ends, double scale,
           double keep, int64_t before, int64_t after, int64_t heads, std::string_view layout,
           int64_t, int64_t sparse_mode, Tensor grad_query, Tensor grad_key, Tensor grad_value,
           OptionalTensor) {
          check_tnd(layout, shift);
          TORCH_CHECK(softmax_max && softmax_sum,
                      "softmaxMaxOptional and softmaxSumOptional are needed.");
          const int64_t groups = heads / key.size(1);
          const auto parts = segments(query_ends, key_ends, heads);
          const Tensor bits = unpacked(drop_bits, parts.back().bits_end, keep);
          for (const Segment& part : parts) {
            const Tensor q = part.of_queries(query), k = spread(part.of_keys(key), groups);
            const Tensor weights =
                attention_weights(q, k, {}, scale, {mask, sparse_mode, before, after},
                                  part.of_queries(*softmax_max).narrow(-1, 0, 1),
                                  part.of_queries(*softmax_sum).narrow(-1, 0, 1));
            const Gradients made = attention_gradients(
                part.of_queries(grad), q, k, spread(part.of_keys(value), groups), weights,
                kept(part.of_bits(bits), weights, keep), scale, groups);
            store(grad_query, part.query_begin, part.query_end, made.query);
            store(grad_key, part.key_begin, part.key_end, made.key);
            store(grad_value, part.key_begin, part.key_end, made.value);
          }
        })

}  // namespace ascend_emulator
