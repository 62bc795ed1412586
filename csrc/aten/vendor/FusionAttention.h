#pragma once

#include "csrc/aten/vendor/AttentionRules.h"

// The kernels behind all versions of npu_fusion_attention.
namespace at_npu::vendor {

// The arguments that all versions share.
struct Attention {
  using Optional = std::optional<at::Tensor>;
  using Ends = at::OptionalIntArrayRef;

  const char* op;
  const at::Tensor &query, &key, &value;
  int64_t head_num;
  std::string_view layout;
  const Optional &pse, &padding_mask, &atten_mask, &query_rope, &key_rope, &sink;
  double scale, keep_prob;
  int64_t pre_tokens, next_tokens, inner_precise;
  Ends prefix, query_ends, key_ends;
  int64_t sparse_mode, pse_type = 1;
  Ends query_start = {}, key_start = {};

  bool is_packed() const { return layout == "TND"; }
};

struct AttentionResults {
  at::Tensor out, maximum, sum, unused;
};

// `drop_mask`: bits, undefined if nothing is dropped.
AttentionResults run_attention(const Attention& in, const at::Tensor& drop_mask);

// What the forward returned, and its gradient.
struct AttentionSaved {
  const at::Tensor& dy;
  const Attention::Optional &maximum, &sum, &softmax, &out;
};

struct AttentionGradients {
  at::Tensor query, key, value, pse, query_rope, key_rope, sink;
};

AttentionGradients run_attention_grad(const Attention& in, const AttentionSaved& saved,
                                      const at::Tensor& drop_mask);

void check(const Attention& in);
void check(const Attention& in, const AttentionSaved& saved);

}  // namespace at_npu::vendor
