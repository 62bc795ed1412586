#include <torch/library.h>

#include "csrc/aten/vendor/FusionAttention.h"

// npu_fusion_attention_v3, which graphs can hold: what a graph may change is in tensors.
namespace at_npu::vendor {
namespace {

using Optional = Attention::Optional;
using Ends = Attention::Ends;

const Optional kNone;

// The ends of sequences, from a CPU tensor.
class HostEnds {
 public:
  HostEnds(const char* op, const char* name, const Optional& ends) {
    if (!is_given(ends)) return;
    TORCH_CHECK(
        ends->is_cpu() && ends->dim() == 1 && at::isIntegralType(ends->scalar_type(), false), op,
        ": ", name, " must be a CPU tensor of integers with 1 dimension, got ", ends->scalar_type(),
        " ", ends->sizes(), " on ", ends->device());
    values_ = ends->to(at::kLong).contiguous();
  }

  Ends ends() const {
    if (!values_.defined()) return {};
    return at::IntArrayRef(values_.const_data_ptr<int64_t>(), values_.numel());
  }

 private:
  at::Tensor values_;
};

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> forward(
    const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int64_t head_num,
    std::string_view input_layout, const Optional& pse, const Optional& padding_mask,
    const Optional& atten_mask, double scale, double keep_prob, int64_t pre_tockens,
    int64_t next_tockens, int64_t inner_precise, Ends prefix, const Optional& actual_seq_qlen,
    const Optional& actual_seq_kvlen, int64_t sparse_mode, bool /*gen_mask_parallel*/,
    bool /*sync*/, std::string_view softmax_layout, const Optional& sink) {
  constexpr char op[] = "npu_fusion_attention_v3";
  const HostEnds query_ends(op, "actual_seq_qlen", actual_seq_qlen);
  const HostEnds key_ends(op, "actual_seq_kvlen", actual_seq_kvlen);
  const Attention in{op,
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
                     query_ends.ends(),
                     key_ends.ends(),
                     sparse_mode};
  check(in);
  check_unsupported_attention(op, softmax_layout);
  const SeededMask drop =
      draw_seeded_mask(query, key, head_num, input_layout, keep_prob, in.query_ends, in.key_ends);
  const AttentionResults made = run_attention(in, drop.mask);
  return {made.out, made.maximum, made.sum, made.unused, drop.seed, drop.offset};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> backward(
    const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const at::Tensor& dy,
    int64_t head_num, std::string_view input_layout, const Optional& pse,
    const Optional& padding_mask, const Optional& atten_mask, const Optional& softmax_max,
    const Optional& softmax_sum, const Optional& softmax_in, const Optional& attention_in,
    double scale_value, double keep_prob, int64_t pre_tockens, int64_t next_tockens,
    int64_t inner_precise, const Optional& seed, const Optional& offset, Ends prefix,
    const Optional& actual_seq_qlen, const Optional& actual_seq_kvlen, int64_t sparse_mode,
    bool /*gen_mask_parallel*/, bool /*sync*/, std::string_view softmax_layout,
    const Optional& sink) {
  constexpr char op[] = "npu_fusion_attention_grad_v3";
  const HostEnds query_ends(op, "actual_seq_qlen", actual_seq_qlen);
  const HostEnds key_ends(op, "actual_seq_kvlen", actual_seq_kvlen);
  const Attention in{op,
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
                     query_ends.ends(),
                     key_ends.ends(),
                     sparse_mode};
  const AttentionSaved saved{dy, softmax_max, softmax_sum, softmax_in, attention_in};
  check(in, saved);
  check_unsupported_attention(op, softmax_layout);
  const AttentionGradients of =
      run_attention_grad(in, saved,
                         same_mask(query, key, head_num, input_layout, keep_prob, in.query_ends,
                                   in.key_ends, seed, offset));
  return {of.query, of.key, of.value, of.pse, of.sink};
}

}  // namespace

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("npu_fusion_attention_v3", &forward);
  m.impl("npu_fusion_attention_grad_v3", &backward);
}

}  // namespace at_npu::vendor
