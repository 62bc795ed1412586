#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/attention.h"
#include "csrc/aten/aclnn/random.h"
#include "csrc/aten/vendor/AttentionRules.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUGuard.h"

// npu_fusion_attention draws a mask for dropout, which its backward draws again. Checks and outputs
// are those of attention.yaml.
namespace at_npu::vendor {
namespace {

using Optional = std::optional<at::Tensor>;
using Ends = at::OptionalIntArrayRef;

constexpr int64_t kMaskBits = 128;  // a mask is padded to these

at::Tensor generate_mask(at::Device device, double keep_prob, int64_t seed, int64_t offset,
                         int64_t count) {
  const int64_t bytes = (count + kMaskBits - 1) / kMaskBits * kMaskBits / 8;
  const at::Tensor mask = at_npu::empty({bytes}, at::kByte, device);
  const int64_t shape[] = {count};
  ACLNN_CALL(aclnnDropoutGenMaskV2, at::IntArrayRef(shape), 1 - keep_prob, seed, offset, at::kFloat,
             mask);
  return mask;
}

// Scores of all heads.
int64_t count_scores(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                     std::string_view layout, Ends query_ends, Ends key_ends) {
  if (layout != "TND") {
    const int64_t batch = layout == "SBH" ? 1 : 0;
    const int64_t length = layout == "SBH" ? 0 : layout == "BNSD" ? 2 : 1;
    return query.size(batch) * head_num * query.size(length) * key.size(length);
  }
  int64_t result = 0;
  for (size_t i = 0; i < query_ends->size(); ++i) {
    const auto size = [&](const Ends& ends) { return (*ends)[i] - (i == 0 ? 0 : (*ends)[i - 1]); };
    result += head_num * size(query_ends) * size(key_ends);
  }
  return result;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, int64_t, int64_t, int64_t> forward(
    const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int64_t head_num,
    std::string_view input_layout, const Optional& pse, const Optional& padding_mask,
    const Optional& atten_mask, double scale, double keep_prob, int64_t pre_tockens,
    int64_t next_tockens, int64_t inner_precise, Ends prefix, Ends actual_seq_qlen,
    Ends actual_seq_kvlen, int64_t sparse_mode, bool /*gen_mask_parallel*/, bool /*sync*/,
    std::string_view softmax_layout, const Optional& sink, const Optional& dropout_mask,
    int64_t seed, int64_t offset) {
  constexpr char op[] = "npu_fusion_attention";
  check_attention(op, query, key, value, head_num, input_layout, keep_prob, actual_seq_qlen,
                  actual_seq_kvlen);
  check_unsupported_attention(op, is_given(sink), is_given(dropout_mask), softmax_layout, seed,
                              offset);
  const c10_npu::NPUGuard guard(query.device());
  const at::Tensor out = make(attention_out(query, key, value, head_num, input_layout));
  const at::Tensor maximum = make(attention_statistic(query, head_num, input_layout));
  const at::Tensor sum = make(attention_statistic(query, head_num, input_layout));
  const at::Tensor unused = make(sized(query, {0}));
  if (out.numel() == 0) return {out, maximum.zero_(), sum.zero_(), unused, 0, 0, 0};
  const DropMask drop =
      draw_mask(query, key, head_num, input_layout, keep_prob, actual_seq_qlen, actual_seq_kvlen);
  if (input_layout == "TND") {
    ACLNN_CALL(aclnnFlashAttentionVarLenScore, query, key, value, pse, drop.mask, padding_mask,
               atten_mask, prefix, actual_seq_qlen, actual_seq_kvlen, scale, keep_prob, pre_tockens,
               next_tockens, head_num, input_layout, inner_precise, sparse_mode, maximum, sum,
               unused, out);
  } else {
    ACLNN_CALL(aclnnFlashAttentionScore, query, key, value, pse, drop.mask, padding_mask,
               atten_mask, prefix, scale, keep_prob, pre_tockens, next_tockens, head_num,
               input_layout, inner_precise, sparse_mode, maximum, sum, unused, out);
  }
  return {out, maximum, sum, unused, drop.seed, drop.offset, drop.count};
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
  constexpr char op[] = "npu_fusion_attention_grad";
  check_attention(op, query, key, value, head_num, input_layout, keep_prob, actual_seq_qlen,
                  actual_seq_kvlen);
  check_unsupported_attention(op, is_given(sink), false, softmax_layout, 0, 0);
  check_shape(op, "dy", dy, attention_out(query, key, value, head_num, input_layout).sizes);
  const c10_npu::NPUGuard guard(query.device());
  const at::Tensor of_query = make(same(query)), of_key = make(same(key)),
                   of_value = make(same(value)), of_pse = make(same_or_empty(pse, query)),
                   of_sink = make(same_or_empty(sink, query));
  if (dy.numel() == 0) {
    return {of_query.zero_(), of_key.zero_(), of_value.zero_(), of_pse.zero_(), of_sink};
  }
  const at::Tensor mask = same_mask(query, keep_prob, seed, offset, numels);
  if (input_layout == "TND") {
    ACLNN_CALL(aclnnFlashAttentionUnpaddingScoreGrad, query, key, value, dy, pse, mask,
               padding_mask, atten_mask, softmax_max, softmax_sum, softmax_in, attention_in, prefix,
               actual_seq_qlen, actual_seq_kvlen, scale_value, keep_prob, pre_tockens, next_tockens,
               head_num, input_layout, inner_precise, sparse_mode, of_query, of_key, of_value,
               of_pse);
  } else {
    ACLNN_CALL(aclnnFlashAttentionScoreGrad, query, key, value, dy, pse, mask, padding_mask,
               atten_mask, softmax_max, softmax_sum, softmax_in, attention_in, prefix, scale_value,
               keep_prob, pre_tockens, next_tockens, head_num, input_layout, inner_precise,
               sparse_mode, of_query, of_key, of_value, of_pse);
  }
  return {of_query, of_key, of_value, of_pse, of_sink};
}

}  // namespace

DropMask draw_mask(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                   std::string_view layout, double keep_prob, Ends query_ends, Ends key_ends) {
  if (keep_prob == 1) return {};
  TORCH_CHECK(
      !c10_npu::is_captured(c10_npu::getCurrentNPUStream(query.device().index())),
      "npu_fusion_attention with keep_prob < 1 cannot be part of a graph: all replays would "
      "drop the same. Use keep_prob=1 in the graph.");
  DropMask drop;
  drop.count = count_scores(query, key, head_num, layout, query_ends, key_ends);
  auto* generator = at::get_generator_or_default<c10_npu::NPUGeneratorImpl>(
      std::nullopt, c10_npu::detail::getDefaultNPUGenerator(query.device().index()));
  {
    const std::lock_guard<std::mutex> lock(generator->mutex_);
    const auto [seed, offset] =
        generator->philox_engine_inputs(static_cast<uint64_t>(drop.count) * 4);
    drop.seed = static_cast<int64_t>(seed);
    drop.offset = static_cast<int64_t>(offset);
  }
  drop.mask = generate_mask(query.device(), keep_prob, drop.seed, drop.offset, drop.count);
  return drop;
}

at::Tensor same_mask(const at::Tensor& query, double keep_prob, int64_t seed, int64_t offset,
                     int64_t count) {
  if (keep_prob == 1) return {};
  TORCH_CHECK(count > 0,
              "npu_fusion_attention_grad: with keep_prob < 1 it needs the seed, offset "
              "and numels that npu_fusion_attention returned");
  return generate_mask(query.device(), keep_prob, seed, offset, count);
}

void check_unsupported_attention(const char* op, bool has_sink, bool has_dropout_mask,
                                 std::string_view softmax_layout, int64_t seed, int64_t offset) {
  const auto check = [&](bool fits, const char* what) {
    TORCH_CHECK_NOT_IMPLEMENTED(fits, op, ": ", what, " is not supported. Leave it out.");
  };
  check(!has_sink, "sink");
  check(!has_dropout_mask, "dropout_mask");
  check(softmax_layout.empty(), "softmax_layout");
  check(seed == 0 && offset == 0, "a seed or offset for dropout");
}

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("npu_fusion_attention", &forward);
  m.impl("npu_fusion_attention_grad", &backward);
}

}  // namespace at_npu::vendor
