#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/aclnn/attention.h"
#include "csrc/aten/vendor/AttentionRules.h"
#include "csrc/core/NPUGuard.h"

// npu_fusion_attention draws a mask for dropout, which its backward draws again. Checks and outputs
// are those of attention.yaml.
namespace at_npu::vendor {
namespace {

using Optional = std::optional<at::Tensor>;
using Ends = at::OptionalIntArrayRef;

// The arguments that all versions share.
struct Attention {
  const char* op;
  const at::Tensor &query, &key, &value;
  int64_t head_num;
  std::string_view layout;
  const Optional &pse, &padding_mask, &atten_mask, &query_rope, &key_rope, &sink;
  double scale, keep_prob;
  int64_t pre_tokens, next_tokens, inner_precise;
  Ends prefix, query_ends, key_ends;
  int64_t sparse_mode, pse_type;

  bool is_packed() const { return layout == "TND"; }
};

using Forward =
    std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, int64_t, int64_t, int64_t>;

// The first version of each function does for what it takes; later ones add one thing each.
Forward run(const Attention& in) {
  const c10_npu::NPUGuard guard(in.query.device());
  const at::Tensor out = make(attention_out(in.query, in.key, in.value, in.head_num, in.layout));
  const at::Tensor maximum = make(attention_statistic(in.query, in.head_num, in.layout));
  const at::Tensor sum = make(attention_statistic(in.query, in.head_num, in.layout));
  const at::Tensor unused = make(sized(in.query, {0}));
  if (out.numel() == 0) return {out, maximum.zero_(), sum.zero_(), unused, 0, 0, 0};
  const DropMask drop =
      draw_mask(in.query, in.key, in.head_num, in.layout, in.keep_prob, in.query_ends, in.key_ends);
  const Ends none;
  if (in.is_packed()) {
    if (is_given(in.sink)) {
      ACLNN_CALL(aclnnFlashAttentionVarLenScoreV5, in.query, in.query_rope, in.key, in.key_rope,
                 in.value, in.pse, drop.mask, in.padding_mask, in.atten_mask, in.sink, in.prefix,
                 in.query_ends, in.key_ends, none, none, in.scale, in.keep_prob, in.pre_tokens,
                 in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode,
                 in.pse_type, "", maximum, sum, unused, out);
    } else if (is_given(in.query_rope)) {
      ACLNN_CALL(aclnnFlashAttentionVarLenScoreV3, in.query, in.query_rope, in.key, in.key_rope,
                 in.value, in.pse, drop.mask, in.padding_mask, in.atten_mask, in.prefix,
                 in.query_ends, in.key_ends, none, none, in.scale, in.keep_prob, in.pre_tokens,
                 in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode,
                 in.pse_type, maximum, sum, unused, out);
    } else {
      ACLNN_CALL(aclnnFlashAttentionVarLenScore, in.query, in.key, in.value, in.pse, drop.mask,
                 in.padding_mask, in.atten_mask, in.prefix, in.query_ends, in.key_ends, in.scale,
                 in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num, in.layout,
                 in.inner_precise, in.sparse_mode, maximum, sum, unused, out);
    }
  } else if (is_given(in.sink)) {
    ACLNN_CALL(aclnnFlashAttentionScoreV3, in.query, in.key, in.value, in.pse, drop.mask,
               in.padding_mask, in.atten_mask, in.sink, in.prefix, none, none, in.scale,
               in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num, in.layout,
               in.inner_precise, in.sparse_mode, in.pse_type, maximum, sum, unused, out);
  } else if (in.pse_type != 1) {
    ACLNN_CALL(aclnnFlashAttentionScoreV2, in.query, in.key, in.value, in.pse, drop.mask,
               in.padding_mask, in.atten_mask, in.prefix, none, none, in.scale, in.keep_prob,
               in.pre_tokens, in.next_tokens, in.head_num, in.layout, in.inner_precise,
               in.sparse_mode, in.pse_type, maximum, sum, unused, out);
  } else {
    ACLNN_CALL(aclnnFlashAttentionScore, in.query, in.key, in.value, in.pse, drop.mask,
               in.padding_mask, in.atten_mask, in.prefix, in.scale, in.keep_prob, in.pre_tokens,
               in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode, maximum,
               sum, unused, out);
  }
  return {out, maximum, sum, unused, drop.seed, drop.offset, drop.count};
}

// What the forward returned, and its gradient.
struct Saved {
  const at::Tensor& dy;
  const Optional &maximum, &sum, &softmax, &out;
  int64_t seed, offset, count;
};

struct Gradients {
  at::Tensor query, key, value, pse, query_rope, key_rope, sink;
};

Gradients run(const Attention& in, const Saved& saved) {
  const c10_npu::NPUGuard guard(in.query.device());
  const auto like = [&](const Optional& tensor) { return make(same_or_empty(tensor, in.query)); };
  const Gradients of{make(same(in.query)), make(same(in.key)), make(same(in.value)), like(in.pse),
                     like(in.query_rope),  like(in.key_rope),  like(in.sink)};
  if (saved.dy.numel() == 0) {
    for (const at::Tensor* grad :
         {&of.query, &of.key, &of.value, &of.pse, &of.query_rope, &of.key_rope, &of.sink}) {
      grad->zero_();
    }
    return of;
  }
  const at::Tensor mask = same_mask(in.query, in.keep_prob, saved.seed, saved.offset, saved.count);
  const Ends none;
  if (in.is_packed()) {
    if (is_given(in.sink)) {
      ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGradV5, in.query, in.query_rope, in.key,
                 in.key_rope, in.value, saved.dy, in.pse, mask, in.padding_mask, in.atten_mask,
                 saved.maximum, saved.sum, saved.softmax, saved.out, in.sink, in.prefix,
                 in.query_ends, in.key_ends, none, none, in.scale, in.keep_prob, in.pre_tokens,
                 in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode,
                 in.pse_type, "", of.query, unless_empty(of.query_rope), of.key,
                 unless_empty(of.key_rope), of.value, of.pse, of.sink);
    } else if (is_given(in.query_rope)) {
      ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGradV3, in.query, in.query_rope, in.key,
                 in.key_rope, in.value, saved.dy, in.pse, mask, in.padding_mask, in.atten_mask,
                 saved.maximum, saved.sum, saved.softmax, saved.out, in.prefix, in.query_ends,
                 in.key_ends, none, none, in.scale, in.keep_prob, in.pre_tokens, in.next_tokens,
                 in.head_num, in.layout, in.inner_precise, in.sparse_mode, in.pse_type, of.query,
                 of.query_rope, of.key, of.key_rope, of.value, of.pse);
    } else {
      ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGrad, in.query, in.key, in.value, saved.dy,
                 in.pse, mask, in.padding_mask, in.atten_mask, saved.maximum, saved.sum,
                 saved.softmax, saved.out, in.prefix, in.query_ends, in.key_ends, in.scale,
                 in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num, in.layout,
                 in.inner_precise, in.sparse_mode, of.query, of.key, of.value, of.pse);
    }
  } else if (is_given(in.sink)) {
    ACLNN_CALL(aclnnFlashAttentionScoreGradV3, in.query, in.key, in.value, saved.dy, in.pse, mask,
               in.padding_mask, in.atten_mask, saved.maximum, saved.sum, saved.softmax, saved.out,
               in.sink, in.prefix, none, none, in.scale, in.keep_prob, in.pre_tokens,
               in.next_tokens, in.head_num, in.layout, in.inner_precise, in.sparse_mode,
               in.pse_type, of.query, of.key, of.value, of.pse, of.sink);
  } else if (in.pse_type != 1) {
    ACLNN_CALL(aclnnFlashAttentionScoreGradV2, in.query, in.key, in.value, saved.dy, in.pse, mask,
               in.padding_mask, in.atten_mask, saved.maximum, saved.sum, saved.softmax, saved.out,
               in.prefix, none, none, in.scale, in.keep_prob, in.pre_tokens, in.next_tokens,
               in.head_num, in.layout, in.inner_precise, in.sparse_mode, in.pse_type, of.query,
               of.key, of.value, of.pse);
  } else {
    ACLNN_CALL(aclnnFlashAttentionScoreGrad, in.query, in.key, in.value, saved.dy, in.pse, mask,
               in.padding_mask, in.atten_mask, saved.maximum, saved.sum, saved.softmax, saved.out,
               in.prefix, in.scale, in.keep_prob, in.pre_tokens, in.next_tokens, in.head_num,
               in.layout, in.inner_precise, in.sparse_mode, of.query, of.key, of.value, of.pse);
  }
  return of;
}

// ---- the operators, whose arguments differ in order ----

const Optional kNone;

void check(const Attention& in) {
  check_attention(in.op, in.query, in.key, in.value, in.head_num, in.layout, in.keep_prob,
                  in.query_ends, in.key_ends);
  check_sink(in.op, in.sink, in.head_num);
}

void check(const Attention& in, const Saved& saved) {
  check(in);
  check_shape(in.op, "dy", saved.dy,
              attention_out(in.query, in.key, in.value, in.head_num, in.layout).sizes);
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
                     sparse_mode,
                     /*pse_type=*/1};
  check(in);
  check_unsupported_attention(in.op, is_given(dropout_mask), softmax_layout, seed, offset);
  return run(in);
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
                     sparse_mode,
                     /*pse_type=*/1};
  const Saved saved{dy, softmax_max, softmax_sum, softmax_in, attention_in, seed, offset, numels};
  check(in, saved);
  check_unsupported_attention(in.op, false, softmax_layout, 0, 0);
  const Gradients of = run(in, saved);
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
                     pse_type};
  check(in);
  check_attention_v2(in.op, query, key, query_rope, key_rope, pse, input_layout, pse_type,
                     q_start_idx, kv_start_idx);
  check_unsupported_attention(in.op, is_given(dropout_mask), softmax_layout, seed, offset);
  return run(in);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor>
backward_v2(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
            const at::Tensor& dy, int64_t head_num, std::string_view input_layout,
            const Optional& pse, const Optional& padding_mask, const Optional& atten_mask,
            const Optional& softmax_max, const Optional& softmax_sum, const Optional& softmax_in,
            const Optional& attention_in, const Optional& query_rope, const Optional& key_rope,
            double scale_value, double keep_prob, int64_t pre_tokens, int64_t next_tokens,
            int64_t inner_precise, int64_t seed, int64_t offset, int64_t numels, Ends prefix,
            Ends actual_seq_qlen, Ends actual_seq_kvlen, int64_t sparse_mode,
            bool /*gen_mask_parallel*/, bool /*sync*/, int64_t pse_type, Ends q_start_idx,
            Ends kv_start_idx, std::string_view softmax_layout, const Optional& sink) {
  const Attention in{"npu_fusion_attention_grad_v2",
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
                     scale_value,
                     keep_prob,
                     pre_tokens,
                     next_tokens,
                     inner_precise,
                     prefix,
                     actual_seq_qlen,
                     actual_seq_kvlen,
                     sparse_mode,
                     pse_type};
  const Saved saved{dy, softmax_max, softmax_sum, softmax_in, attention_in, seed, offset, numels};
  check(in, saved);
  check_attention_v2(in.op, query, key, query_rope, key_rope, pse, input_layout, pse_type,
                     q_start_idx, kv_start_idx);
  check_unsupported_attention(in.op, false, softmax_layout, 0, 0);
  const Gradients of = run(in, saved);
  return {of.query, of.key, of.value, of.pse, of.query_rope, of.key_rope, of.sink};
}

}  // namespace

void check_unsupported_attention(const char* op, bool has_dropout_mask,
                                 std::string_view softmax_layout, int64_t seed, int64_t offset) {
  const auto check = [&](bool fits, const char* what) {
    TORCH_CHECK_NOT_IMPLEMENTED(fits, op, ": ", what, " is not supported. Leave it out.");
  };
  check(!has_dropout_mask, "dropout_mask");
  check(softmax_layout.empty(), "softmax_layout");
  check(seed == 0 && offset == 0, "a seed or offset for dropout");
}

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("npu_fusion_attention", &forward);
  m.impl("npu_fusion_attention_grad", &backward);
  m.impl("npu_fusion_attention_v2", &forward_v2);
  m.impl("npu_fusion_attention_grad_v2", &backward_v2);
}

}  // namespace at_npu::vendor
