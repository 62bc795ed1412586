#include "csrc/aten/vendor/FusionAttention.h"

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/aclnn/attention.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu::vendor {

// The first version of each function does for what it takes; later ones add one thing each.
AttentionResults run_attention(const Attention& in, const at::Tensor& drop_mask) {
  const c10_npu::NPUGuard guard(in.query.device());
  const at::Tensor out = make(attention_out(in.query, in.key, in.value, in.head_num, in.layout));
  const at::Tensor maximum = make(attention_statistic(in.query, in.head_num, in.layout));
  const at::Tensor sum = make(attention_statistic(in.query, in.head_num, in.layout));
  const at::Tensor unused = make(sized(in.query, {0}));
  if (out.numel() == 0) return {out, maximum.zero_(), sum.zero_(), unused};
  if (in.is_packed()) {
    if (is_given(in.sink)) {
      ACLNN_CALL(aclnnFlashAttentionVarLenScoreV5, in.query, in.query_rope, in.key, in.key_rope,
                 in.value, in.pse, drop_mask, in.padding_mask, in.atten_mask, in.sink, in.prefix,
                 in.query_ends, in.key_ends, in.query_start, in.key_start, in.scale, in.keep_prob,
                 in.pre_tokens, in.next_tokens, in.head_num, in.layout, in.inner_precise,
                 in.sparse_mode, in.pse_type, "", maximum, sum, unused, out);
    } else if (is_given(in.query_rope)) {
      ACLNN_CALL(aclnnFlashAttentionVarLenScoreV3, in.query, in.query_rope, in.key, in.key_rope,
                 in.value, in.pse, drop_mask, in.padding_mask, in.atten_mask, in.prefix,
                 in.query_ends, in.key_ends, in.query_start, in.key_start, in.scale, in.keep_prob,
                 in.pre_tokens, in.next_tokens, in.head_num, in.layout, in.inner_precise,
                 in.sparse_mode, in.pse_type, maximum, sum, unused, out);
    } else if (in.pse_type != 1) {
      ACLNN_CALL(aclnnFlashAttentionVarLenScoreV2, in.query, in.key, in.value, in.pse, drop_mask,
                 in.padding_mask, in.atten_mask, in.prefix, in.query_ends, in.key_ends,
                 in.query_start, in.key_start, in.scale, in.keep_prob, in.pre_tokens,
                 in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode,
                 in.pse_type, maximum, sum, unused, out);
    } else {
      ACLNN_CALL(aclnnFlashAttentionVarLenScore, in.query, in.key, in.value, in.pse, drop_mask,
                 in.padding_mask, in.atten_mask, in.prefix, in.query_ends, in.key_ends, in.scale,
                 in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num, in.layout,
                 in.inner_precise, in.sparse_mode, maximum, sum, unused, out);
    }
  } else if (is_given(in.sink)) {
    ACLNN_CALL(aclnnFlashAttentionScoreV3, in.query, in.key, in.value, in.pse, drop_mask,
               in.padding_mask, in.atten_mask, in.sink, in.prefix, in.query_start, in.key_start,
               in.scale, in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num, in.layout,
               in.inner_precise, in.sparse_mode, in.pse_type, maximum, sum, unused, out);
  } else if (in.pse_type != 1) {
    ACLNN_CALL(aclnnFlashAttentionScoreV2, in.query, in.key, in.value, in.pse, drop_mask,
               in.padding_mask, in.atten_mask, in.prefix, in.query_start, in.key_start, in.scale,
               in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num, in.layout,
               in.inner_precise, in.sparse_mode, in.pse_type, maximum, sum, unused, out);
  } else {
    ACLNN_CALL(aclnnFlashAttentionScore, in.query, in.key, in.value, in.pse, drop_mask,
               in.padding_mask, in.atten_mask, in.prefix, in.scale, in.keep_prob, in.pre_tokens,
               in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode, maximum,
               sum, unused, out);
  }
  return {out, maximum, sum, unused};
}

AttentionGradients run_attention_grad(const Attention& in, const AttentionSaved& saved,
                                      const at::Tensor& drop_mask) {
  const c10_npu::NPUGuard guard(in.query.device());
  const auto like = [&](const Attention::Optional& tensor) {
    return make(same_or_empty(tensor, in.query));
  };
  const AttentionGradients of{
      make(same(in.query)), make(same(in.key)),
      make(same(in.value)), make(pse_gradient(in.pse, in.query, in.pse_type)),
      like(in.query_rope),  like(in.key_rope),
      like(in.sink)};
  if (saved.dy.numel() == 0) {
    for (const at::Tensor* grad :
         {&of.query, &of.key, &of.value, &of.pse, &of.query_rope, &of.key_rope, &of.sink}) {
      grad->zero_();
    }
    return of;
  }
  if (in.is_packed()) {
    if (is_given(in.sink)) {
      ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGradV5, in.query, in.query_rope, in.key,
                 in.key_rope, in.value, saved.dy, in.pse, drop_mask, in.padding_mask, in.atten_mask,
                 saved.maximum, saved.sum, saved.softmax, saved.out, in.sink, in.prefix,
                 in.query_ends, in.key_ends, in.query_start, in.key_start, in.scale, in.keep_prob,
                 in.pre_tokens, in.next_tokens, in.head_num, in.layout, in.inner_precise,
                 in.sparse_mode, in.pse_type, "", of.query, unless_empty(of.query_rope), of.key,
                 unless_empty(of.key_rope), of.value, of.pse, of.sink);
    } else if (is_given(in.query_rope)) {
      ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGradV3, in.query, in.query_rope, in.key,
                 in.key_rope, in.value, saved.dy, in.pse, drop_mask, in.padding_mask, in.atten_mask,
                 saved.maximum, saved.sum, saved.softmax, saved.out, in.prefix, in.query_ends,
                 in.key_ends, in.query_start, in.key_start, in.scale, in.keep_prob, in.pre_tokens,
                 in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode,
                 in.pse_type, of.query, of.query_rope, of.key, of.key_rope, of.value, of.pse);
    } else if (in.pse_type != 1) {
      ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGradV2, in.query, in.key, in.value, saved.dy,
                 in.pse, drop_mask, in.padding_mask, in.atten_mask, saved.maximum, saved.sum,
                 saved.softmax, saved.out, in.prefix, in.query_ends, in.key_ends, in.query_start,
                 in.key_start, in.scale, in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num,
                 in.layout, in.inner_precise, in.sparse_mode, in.pse_type, of.query, of.key,
                 of.value, of.pse);
    } else {
      ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGrad, in.query, in.key, in.value, saved.dy,
                 in.pse, drop_mask, in.padding_mask, in.atten_mask, saved.maximum, saved.sum,
                 saved.softmax, saved.out, in.prefix, in.query_ends, in.key_ends, in.scale,
                 in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num, in.layout,
                 in.inner_precise, in.sparse_mode, of.query, of.key, of.value, of.pse);
    }
  } else if (is_given(in.sink)) {
    ACLNN_CALL(aclnnFlashAttentionScoreGradV3, in.query, in.key, in.value, saved.dy, in.pse,
               drop_mask, in.padding_mask, in.atten_mask, saved.maximum, saved.sum, saved.softmax,
               saved.out, in.sink, in.prefix, in.query_start, in.key_start, in.scale, in.keep_prob,
               in.pre_tokens, in.next_tokens, in.head_num, in.layout, in.inner_precise,
               in.sparse_mode, in.pse_type, of.query, of.key, of.value, of.pse, of.sink);
  } else if (in.pse_type != 1) {
    ACLNN_CALL(aclnnFlashAttentionScoreGradV2, in.query, in.key, in.value, saved.dy, in.pse,
               drop_mask, in.padding_mask, in.atten_mask, saved.maximum, saved.sum, saved.softmax,
               saved.out, in.prefix, in.query_start, in.key_start, in.scale, in.keep_prob,
               in.pre_tokens, in.next_tokens, in.head_num, in.layout, in.inner_precise,
               in.sparse_mode, in.pse_type, of.query, of.key, of.value, of.pse);
  } else {
    ACLNN_CALL(aclnnFlashAttentionScoreGrad, in.query, in.key, in.value, saved.dy, in.pse,
               drop_mask, in.padding_mask, in.atten_mask, saved.maximum, saved.sum, saved.softmax,
               saved.out, in.prefix, in.scale, in.keep_prob, in.pre_tokens, in.next_tokens,
               in.head_num, in.layout, in.inner_precise, in.sparse_mode, of.query, of.key, of.value,
               of.pse);
  }
  return of;
}

void check(const Attention& in) {
  check_attention(in.op, in.query, in.key, in.value, in.head_num, in.layout, in.keep_prob,
                  in.query_ends, in.key_ends);
  check_score_options(
      in.op, in.query,
      score_sizes(in.query, in.key, in.head_num, in.layout, in.query_ends, in.key_ends), in.layout,
      in.pse, in.pse_type, in.atten_mask, in.sparse_mode, in.prefix, in.inner_precise);
  check_sink(in.op, in.sink, in.head_num);
}

void check(const Attention& in, const AttentionSaved& saved) {
  check(in);
  check_attention_saved(in.op, in.query, in.key, in.value, saved.dy, in.head_num, in.layout,
                        saved.maximum, saved.sum, saved.out);
}

}  // namespace at_npu::vendor
