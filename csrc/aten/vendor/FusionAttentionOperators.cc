#include <torch/library.h>

#include "csrc/aten/vendor/FusionAttention.h"

// npu_fusion_attention draws a mask for dropout, which its backward draws again. Checks and outputs
// are those of attention.yaml.
namespace at_npu::vendor {
namespace {

using Optional = Attention::Optional;
using Ends = Attention::Ends;

const Optional kNone;

using Forward =
    std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, int64_t, int64_t, int64_t>;

Forward run(const Attention& in, const Optional& dropout_mask, int64_t seed, int64_t offset) {
  check_dropout_mask(in.op, dropout_mask, in.keep_prob, seed, offset);
  DropMask drop;
  if (is_given(dropout_mask)) {
    drop = given_mask(in.op, *dropout_mask, in.query, in.key, in.head_num, in.layout, in.query_ends,
                      in.key_ends);
    drop.seed = seed;
    drop.offset = offset;
  } else {
    drop = draw_mask(in.query, in.key, in.head_num, in.layout, in.keep_prob, in.query_ends,
                     in.key_ends);
  }
  const AttentionResults made = run_attention(in, drop.mask);
  return {made.out, made.maximum, made.sum, made.unused, drop.seed, drop.offset, drop.count};
}

void check_v2(const Attention& in) {
  check_attention_v2(in.op, in.query, in.key, in.query_rope, in.key_rope, in.pse, in.head_num,
                     in.layout, in.pse_type, in.query_ends, in.key_ends, in.query_start,
                     in.key_start);
}

Forward forward(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                int64_t head_num, std::string_view input_layout, const Optional& pse,
                const Optional& padding_mask, const Optional& atten_mask, double scale,
                double keep_prob, int64_t pre_tockens, int64_t next_tockens, int64_t inner_precise,
                Ends prefix, Ends actual_seq_qlen, Ends actual_seq_kvlen, int64_t sparse_mode,
                bool /*gen_mask_parallel*/, bool /*sync*/, std::string_view softmax_layout,
                const Optional& sink, const Optional& dropout_mask, int64_t seed, int64_t offset) {
  const Attention in{"npu_fusion_attention",
                     query,
                     key,
                     value,
                     head_num,
                     input_layout,
                     pse,
                     padding_mask,
                     atten_mask,
                     kNone,
                     kNone,
                     sink,
                     scale,
                     keep_prob,
                     pre_tockens,
                     next_tockens,
                     inner_precise,
                     prefix,
                     actual_seq_qlen,
                     actual_seq_kvlen,
                     sparse_mode};
  check(in);
  check_unsupported_attention(in.op, softmax_layout);
  return run(in, dropout_mask, seed, offset);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> backward(
    const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& dy,
    int64_t head_num, std::string_view input_layout, const Optional& pse,
    const Optional& padding_mask, const Optional& atten_mask, const Optional& softmax_max,
    const Optional& softmax_sum, const Optional& softmax_in, const Optional& attention_in,
    double scale_value, double keep_prob, int64_t pre_tockens, int64_t next_tockens,
    int64_t inner_precise, int64_t seed, int64_t offset, int64_t numels, Ends prefix,
    Ends actual_seq_qlen, Ends actual_seq_kvlen, int64_t sparse_mode, bool /*gen_mask_parallel*/,
    bool /*sync*/, std::string_view softmax_layout, const Optional& sink) {
  const Attention in{"npu_fusion_attention_grad",
                     query,
                     key,
                     value,
                     head_num,
                     input_layout,
                     pse,
                     padding_mask,
                     atten_mask,
                     kNone,
                     kNone,
                     sink,
                     scale_value,
                     keep_prob,
                     pre_tockens,
                     next_tockens,
                     inner_precise,
                     prefix,
                     actual_seq_qlen,
                     actual_seq_kvlen,
                     sparse_mode};
  const AttentionSaved saved{dy, softmax_max, softmax_sum, softmax_in, attention_in};
  check(in, saved);
  check_unsupported_attention(in.op, softmax_layout);
  const AttentionGradients of =
      run_attention_grad(in, saved, same_mask(query, keep_prob, seed, offset, numels));
  return {of.query, of.key, of.value, of.pse, of.sink};
}

Forward forward_v2(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                   int64_t head_num, std::string_view input_layout, const Optional& pse,
                   const Optional& padding_mask, const Optional& atten_mask,
                   const Optional& query_rope, const Optional& key_rope, double scale,
                   double keep_prob, int64_t pre_tokens, int64_t next_tokens, int64_t inner_precise,
                   Ends prefix, Ends actual_seq_qlen, Ends actual_seq_kvlen, int64_t sparse_mode,
                   bool /*gen_mask_parallel*/, bool /*sync*/, int64_t pse_type, Ends q_start_idx,
                   Ends kv_start_idx, std::string_view softmax_layout, const Optional& sink,
                   const Optional& dropout_mask, int64_t seed, int64_t offset) {
  const Attention in{"npu_fusion_attention_v2",
                     query,
                     key,
                     value,
                     head_num,
                     input_layout,
                     pse,
                     padding_mask,
                     atten_mask,
                     query_rope,
                     key_rope,
                     sink,
                     scale,
                     keep_prob,
                     pre_tokens,
                     next_tokens,
                     inner_precise,
                     prefix,
                     actual_seq_qlen,
                     actual_seq_kvlen,
                     sparse_mode,
                     pse_type,
                     q_start_idx,
                     kv_start_idx};
  check(in);
  check_v2(in);
  TORCH_CHECK_NOT_IMPLEMENTED(
      pse_type < kFirstSlopes || !at::GradMode::is_enabled() || !pse->requires_grad(), in.op,
      ": slopes get no gradient. Detach pse.");
  check_unsupported_attention(in.op, softmax_layout);
  return run(in, dropout_mask, seed, offset);
}

using AllGradients =
    std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>;

AllGradients backward_with_mask(
    const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& dy,
    int64_t head_num, std::string_view input_layout, const Optional& pse,
    const Optional& padding_mask, const Optional& atten_mask, const Optional& softmax_max,
    const Optional& softmax_sum, const Optional& softmax_in, const Optional& attention_in,
    const Optional& query_rope, const Optional& key_rope, double scale_value, double keep_prob,
    int64_t pre_tokens, int64_t next_tokens, int64_t inner_precise, int64_t seed, int64_t offset,
    int64_t numels, Ends prefix, Ends actual_seq_qlen, Ends actual_seq_kvlen, int64_t sparse_mode,
    int64_t pse_type, Ends q_start_idx, Ends kv_start_idx, const Optional& sink,
    const Optional& dropout_mask) {
  constexpr char op[] = "npu_fusion_attention_grad_v2";
  const Attention in{op,           query,         key,          value,           head_num,
                     input_layout, pse,           padding_mask, atten_mask,      query_rope,
                     key_rope,     sink,          scale_value,  keep_prob,       pre_tokens,
                     next_tokens,  inner_precise, prefix,       actual_seq_qlen, actual_seq_kvlen,
                     sparse_mode,  pse_type,      q_start_idx,  kv_start_idx};
  const AttentionSaved saved{dy, softmax_max, softmax_sum, softmax_in, attention_in};
  check(in, saved);
  check_v2(in);
  check_dropout_mask(op, dropout_mask, keep_prob, 0, 0);
  const at::Tensor mask = is_given(dropout_mask)
                              ? given_mask(op, *dropout_mask, query, key, head_num, input_layout,
                                           actual_seq_qlen, actual_seq_kvlen)
                                    .mask
                              : same_mask(query, keep_prob, seed, offset, numels);
  const AttentionGradients of = run_attention_grad(in, saved, mask);
  return {of.query, of.key, of.value, of.pse, of.query_rope, of.key_rope, of.sink};
}

AllGradients backward_v2(
    const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& dy,
    int64_t head_num, std::string_view input_layout, const Optional& pse,
    const Optional& padding_mask, const Optional& atten_mask, const Optional& softmax_max,
    const Optional& softmax_sum, const Optional& softmax_in, const Optional& attention_in,
    const Optional& query_rope, const Optional& key_rope, double scale_value, double keep_prob,
    int64_t pre_tokens, int64_t next_tokens, int64_t inner_precise, int64_t seed, int64_t offset,
    int64_t numels, Ends prefix, Ends actual_seq_qlen, Ends actual_seq_kvlen, int64_t sparse_mode,
    bool /*gen_mask_parallel*/, bool /*sync*/, int64_t pse_type, Ends q_start_idx,
    Ends kv_start_idx, std::string_view softmax_layout, const Optional& sink) {
  check_unsupported_attention("npu_fusion_attention_grad_v2", softmax_layout);
  return backward_with_mask(
      query, key, value, dy, head_num, input_layout, pse, padding_mask, atten_mask, softmax_max,
      softmax_sum, softmax_in, attention_in, query_rope, key_rope, scale_value, keep_prob,
      pre_tokens, next_tokens, inner_precise, seed, offset, numels, prefix, actual_seq_qlen,
      actual_seq_kvlen, sparse_mode, pse_type, q_start_idx, kv_start_idx, sink, kNone);
}

}  // namespace

void check_unsupported_attention(const char* op, std::string_view softmax_layout) {
  TORCH_CHECK_NOT_IMPLEMENTED(softmax_layout.empty(), op,
                              ": softmax_layout is not supported. Leave it out.");
}

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("npu_fusion_attention", &forward);
  m.impl("npu_fusion_attention_grad", &backward);
  m.impl("npu_fusion_attention_v2", &forward_v2);
  m.impl("npu_fusion_attention_grad_v2", &backward_v2);
  m.impl("_npu_fusion_attention_backward", &backward_with_mask);
}

}  // namespace at_npu::vendor
