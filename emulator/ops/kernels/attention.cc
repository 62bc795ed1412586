#include "emulator/ops/functions/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include "emulator/ops/kernels/attention_math.h"
#include "emulator/ops/kernels/bits.h"
#include "emulator/ops/kernels/optional.h"

// Attention of training. A batch is one part, of sequences that lie one after the other (layout
// TND) each is one.
namespace ascend_emulator {
namespace {

// Where the tokens are, and the dropped scores' bits.
struct Part {
  int64_t query_begin = 0, query_end = 0, key_begin = 0, key_end = 0;
  int64_t bits_begin = 0, bits_end = 0;
};

// Tensors of a documented layout as parts [batch, heads, length, depth], and back.
class Layout {
 public:
  Layout(std::string_view name, const Tensor& query, const Tensor& key, int64_t heads,
         const OptionalIntArray& query_ends, const OptionalIntArray& key_ends)
      : name_(name), heads_(heads) {
    const bool flat = name == "BSH" || name == "SBH";
    TORCH_CHECK(flat || name == "BNSD" || name == "BSND" || name == "TND", "inputLayout is ", name,
                "; it must be BNSD, BSND, BSH, SBH or TND.");
    key_heads_ = flat ? key.size(-1) / (query.size(-1) / heads)
                      : key.size(static_cast<int64_t>(name.find('N')));
    if (name != "TND") {
      parts_.resize(1);
      return;
    }
    TORCH_CHECK(query_ends && key_ends && query_ends->size() == key_ends->size(),
                "actualSeqQLenOptional and actualSeqKvLenOptional must be of the same length.");
    Part last;
    for (size_t i = 0; i < query_ends->size(); ++i) {
      Part next{last.query_end, (*query_ends)[i], last.key_end, (*key_ends)[i], last.bits_end, 0};
      next.bits_end = next.bits_begin +
                      heads * (next.query_end - next.query_begin) * (next.key_end - next.key_begin);
      parts_.push_back(next);
      last = next;
    }
  }

  const std::vector<Part>& parts() const { return parts_; }
  int64_t groups() const { return heads_ / key_heads_; }

  Tensor queries(const Tensor& tensor, const Part& part) const {
    return split(tensor, heads_, part.query_begin, part.query_end);
  }
  Tensor keys(const Tensor& tensor, const Part& part) const {
    return split(tensor, key_heads_, part.key_begin, part.key_end);
  }
  // Each row's maximum or sum: [batch, heads, length, 8] or [tokens, heads, 8].
  Tensor statistic(const Tensor& tensor, const Part& part) const {
    return is_packed() ? queries(tensor, part) : tensor;
  }

  void store_queries(Tensor& target, const Part& part, const Tensor& heads) const {
    store(target, heads, part.query_begin, part.query_end);
  }
  void store_keys(Tensor& target, const Part& part, const Tensor& heads) const {
    store(target, heads, part.key_begin, part.key_end);
  }
  void store_statistic(Tensor& target, const Part& part, const Tensor& rows) const {
    if (is_packed()) return store_queries(target, part, rows);
    target.copy_(rows.expand_as(target));
  }

 private:
  bool is_packed() const { return name_ == "TND"; }

  Tensor split(const Tensor& tensor, int64_t heads, int64_t begin, int64_t end) const {
    if (is_packed()) {
      return tensor.slice(0, begin, end).to(at::kFloat).transpose(0, 1).unsqueeze(0);
    }
    const Tensor wide = tensor.to(at::kFloat);
    if (name_ == "BNSD") return wide;
    if (name_ == "BSND") return wide.transpose(1, 2);
    const Tensor split = wide.unflatten(-1, {heads, -1});
    return name_ == "BSH" ? split.transpose(1, 2) : split.permute({1, 2, 0, 3});
  }

  void store(Tensor& target, const Tensor& heads, int64_t begin, int64_t end) const {
    if (is_packed()) {
      Tensor part = target.slice(0, begin, end);
      part.copy_(heads.squeeze(0).transpose(0, 1).expand_as(part));
    } else if (name_ == "BNSD") {
      target.copy_(heads);
    } else if (name_ == "BSND") {
      target.copy_(heads.transpose(1, 2));
    } else {
      target.copy_(
          (name_ == "BSH" ? heads.transpose(1, 2) : heads.permute({2, 0, 1, 3})).flatten(-2));
    }
  }

  std::string_view name_;
  int64_t heads_, key_heads_ = 1;
  std::vector<Part> parts_;
};

// What forward and backward share.
struct Attention {
  Tensor query, key, value;
  OptionalTensor shift, drop_bits, mask;
  double scale, keep;
  int64_t before, after, heads;
  std::string_view layout_name;
  int64_t sparse_mode;
  OptionalIntArray query_ends = {}, key_ends = {};
  int64_t shift_type = 1;  // 0: scale * QK + shift, 1: scale * (QK + shift)
  OptionalTensor query_rope = {}, key_rope = {}, sink = {};

  Layout layout() const { return {layout_name, query, key, heads, query_ends, key_ends}; }
  Masking masking() const { return {mask, sparse_mode, before, after}; }

  Tensor queries(const Layout& layout, const Part& part) const {
    const Tensor own = layout.queries(query, part);
    return has(query_rope) ? at::cat({own, layout.queries(*query_rope, part)}, -1) : own;
  }
  Tensor keys(const Layout& layout, const Part& part) const {
    const Tensor own = layout.keys(key, part);
    return spread(has(key_rope) ? at::cat({own, layout.keys(*key_rope, part)}, -1) : own,
                  layout.groups());
  }
  // As it is added before the scale.
  OptionalTensor scaled_shift() const {
    TORCH_CHECK(shift_type == 0 || shift_type == 1, "pseType is ", shift_type,
                "; 0 and 1 are emulated.");
    TORCH_CHECK(!has(shift) || layout_name != "TND", "a position shift is not emulated with TND.");
    return has(shift) && shift_type == 0 ? OptionalTensor(shift->to(at::kFloat) / scale) : shift;
  }
  Tensor dropout(const Part& part, const Tensor& like) const {
    if (!has(drop_bits) || keep >= 1) return {};
    const int64_t end = layout_name == "TND" ? part.bits_end : like.numel();
    return kept(unpack_bits(drop_bits->flatten(), end).slice(0, part.bits_begin, end), like, keep);
  }

  void forward(Tensor& maximum, Tensor& sum, Tensor& out) const {
    const Layout in = layout();
    for (const Part& part : in.parts()) {
      Weights found = with_sink(
          attention_weights(queries(in, part), keys(in, part), scaled_shift(), scale, masking()),
          sink);
      in.store_statistic(maximum, part, found.maximum);
      in.store_statistic(sum, part, found.sum);
      const Tensor drop = dropout(part, found.weights);
      if (drop.defined()) found.weights = found.weights * drop;
      in.store_queries(out, part, found.weights.matmul(spread(in.keys(value, part), in.groups())));
    }
  }

  struct Outputs {
    Tensor query, key, value;
    OptionalTensor shift, query_rope = {}, key_rope = {}, sink = {};
  };

  void backward(const Tensor& grad, const OptionalTensor& maximum, const OptionalTensor& sum,
                Outputs out) const {
    TORCH_CHECK(maximum && sum, "softmaxMaxOptional and softmaxSumOptional are needed.");
    const Layout in = layout();
    if (has(out.sink)) out.sink->zero_();
    for (const Part& part : in.parts()) {
      const Tensor q = queries(in, part), k = keys(in, part);
      const Tensor peak = in.statistic(*maximum, part).narrow(-1, 0, 1);
      const Tensor total = in.statistic(*sum, part).narrow(-1, 0, 1);
      const Tensor weights = attention_weights(q, k, scaled_shift(), scale, masking(), peak, total);
      const Gradients made = attention_gradients(in.queries(grad, part), q, k,
                                                 spread(in.keys(value, part), in.groups()), weights,
                                                 dropout(part, weights), scale, in.groups());
      store_halves(made.query, out.query, out.query_rope, [&](Tensor& target, const Tensor& heads) {
        in.store_queries(target, part, heads);
      });
      store_halves(made.key, out.key, out.key_rope, [&](Tensor& target, const Tensor& heads) {
        in.store_keys(target, part, heads);
      });
      in.store_keys(out.value, part, made.value);
      if (has(out.shift)) {
        const Tensor all = shift_type == 0 ? made.scores / scale : made.scores;
        out.shift->copy_(all.sum_to_size(out.shift->sizes()));
      }
      if (has(out.sink)) {
        const Tensor own = (sink->to(at::kFloat).reshape({1, -1, 1, 1}) - peak).exp() / total;
        out.sink->sub_((own * made.inner).sum({0, 2, 3}));
      }
    }
  }

 private:
  // The gradient of what was joined to one depth.
  template <class Store>
  static void store_halves(const Tensor& grad, Tensor& first, OptionalTensor& second, Store store) {
    if (!has(second)) return store(first, grad);
    const int64_t depth = grad.size(-1) - second->size(-1);
    store(first, grad.slice(-1, 0, depth));
    store(*second, grad.slice(-1, depth));
  }
};

}  // namespace

EMULATE(aclnnFlashAttentionScore,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, Tensor softmax_max, Tensor softmax_sum, OptionalTensor,
           Tensor out) {
          Attention{query, key,    value, shift, drop_bits, mask,       scale,
                    keep,  before, after, heads, layout,    sparse_mode}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionScoreV2,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, OptionalIntArray,
           OptionalIntArray, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           Tensor softmax_max, Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,  key,   value, shift,  drop_bits,   mask, scale, keep,
                    before, after, heads, layout, sparse_mode, {},   {},    shift_type}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionScoreV3,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalTensor sink, OptionalIntArray,
           OptionalIntArray, OptionalIntArray, double scale, double keep, int64_t before,
           int64_t after, int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode,
           int64_t shift_type, Tensor softmax_max, Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query, key,        value, shift, drop_bits, mask,        scale,
                    keep,  before,     after, heads, layout,    sparse_mode, {},
                    {},    shift_type, {},    {},    sink}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScore,
        [](Tensor query, Tensor key, Tensor value, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, Tensor softmax_max,
           Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,  key,   value, shift,  drop_bits,   mask,       scale,   keep,
                    before, after, heads, layout, sparse_mode, query_ends, key_ends}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScoreV5,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, OptionalTensor shift, OptionalTensor drop_bits, OptionalTensor,
           OptionalTensor mask, OptionalTensor sink, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, OptionalIntArray, OptionalIntArray, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, int64_t shift_type, std::string_view, Tensor softmax_max,
           Tensor softmax_sum, OptionalTensor, Tensor out) {
          Attention{query,    key,        value,      shift,    drop_bits, mask,        scale,
                    keep,     before,     after,      heads,    layout,    sparse_mode, query_ends,
                    key_ends, shift_type, query_rope, key_rope, sink}
              .forward(softmax_max, softmax_sum, out);
        })
EMULATE(aclnnFlashAttentionVarLenScoreV3,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, OptionalTensor shift, OptionalTensor drop_bits, OptionalTensor,
           OptionalTensor mask, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, OptionalIntArray, OptionalIntArray, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, int64_t shift_type, Tensor softmax_max, Tensor softmax_sum,
           OptionalTensor, Tensor out) {
          Attention{query,       key,        value,    shift,      drop_bits,  mask,
                    scale,       keep,       before,   after,      heads,      layout,
                    sparse_mode, query_ends, key_ends, shift_type, query_rope, key_rope}
              .forward(softmax_max, softmax_sum, out);
        })

EMULATE(aclnnFlashAttentionScoreGrad,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray, double scale,
           double keep, int64_t before, int64_t after, int64_t heads, std::string_view layout,
           int64_t, int64_t sparse_mode, Tensor of_query, Tensor of_key, Tensor of_value,
           OptionalTensor of_shift) {
          Attention{query, key,    value, shift, drop_bits, mask,       scale,
                    keep,  before, after, heads, layout,    sparse_mode}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, of_shift});
        })
EMULATE(aclnnFlashAttentionScoreGradV2,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray, OptionalIntArray,
           OptionalIntArray, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           Tensor of_query, Tensor of_key, Tensor of_value, OptionalTensor of_shift) {
          Attention{query,  key,   value, shift,  drop_bits,   mask, scale, keep,
                    before, after, heads, layout, sparse_mode, {},   {},    shift_type}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, of_shift});
        })
EMULATE(aclnnFlashAttentionScoreGradV3,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalTensor sink,
           OptionalIntArray, OptionalIntArray, OptionalIntArray, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, int64_t shift_type, Tensor of_query, Tensor of_key, Tensor of_value,
           OptionalTensor of_shift, OptionalTensor of_sink) {
          Attention{query, key,        value, shift, drop_bits, mask,        scale,
                    keep,  before,     after, heads, layout,    sparse_mode, {},
                    {},    shift_type, {},    {},    sink}
              .backward(grad, maximum, sum,
                        {of_query, of_key, of_value, of_shift, {}, {}, of_sink});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGrad,
        [](Tensor query, Tensor key, Tensor value, Tensor grad, OptionalTensor shift,
           OptionalTensor drop_bits, OptionalTensor, OptionalTensor mask, OptionalTensor maximum,
           OptionalTensor sum, OptionalTensor, OptionalTensor, OptionalIntArray,
           OptionalIntArray query_ends, OptionalIntArray key_ends, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, Tensor of_query, Tensor of_key, Tensor of_value, OptionalTensor) {
          Attention{query,  key,   value, shift,  drop_bits,   mask,       scale,   keep,
                    before, after, heads, layout, sparse_mode, query_ends, key_ends}
              .backward(grad, maximum, sum, {of_query, of_key, of_value, {}});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGradV3,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, Tensor grad, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalTensor maximum, OptionalTensor sum,
           OptionalTensor, OptionalTensor, OptionalIntArray, OptionalIntArray query_ends,
           OptionalIntArray key_ends, OptionalIntArray, OptionalIntArray, double scale, double keep,
           int64_t before, int64_t after, int64_t heads, std::string_view layout, int64_t,
           int64_t sparse_mode, int64_t shift_type, Tensor of_query, OptionalTensor of_query_rope,
           Tensor of_key, OptionalTensor of_key_rope, Tensor of_value, OptionalTensor) {
          Attention{query,       key,        value,    shift,      drop_bits,  mask,
                    scale,       keep,       before,   after,      heads,      layout,
                    sparse_mode, query_ends, key_ends, shift_type, query_rope, key_rope}
              .backward(grad, maximum, sum,
                        {of_query, of_key, of_value, {}, of_query_rope, of_key_rope});
        })
EMULATE(aclnnFlashAttentionUnpaddingScoreGradV5,
        [](Tensor query, OptionalTensor query_rope, Tensor key, OptionalTensor key_rope,
           Tensor value, Tensor grad, OptionalTensor shift, OptionalTensor drop_bits,
           OptionalTensor, OptionalTensor mask, OptionalTensor maximum, OptionalTensor sum,
           OptionalTensor, OptionalTensor, OptionalTensor sink, OptionalIntArray,
           OptionalIntArray query_ends, OptionalIntArray key_ends, OptionalIntArray,
           OptionalIntArray, double scale, double keep, int64_t before, int64_t after,
           int64_t heads, std::string_view layout, int64_t, int64_t sparse_mode, int64_t shift_type,
           std::string_view, Tensor of_query, OptionalTensor of_query_rope, Tensor of_key,
           OptionalTensor of_key_rope, Tensor of_value, OptionalTensor, OptionalTensor of_sink) {
          Attention{query,    key,        value,      shift,    drop_bits, mask,        scale,
                    keep,     before,     after,      heads,    layout,    sparse_mode, query_ends,
                    key_ends, shift_type, query_rope, key_rope, sink}
              .backward(grad, maximum, sum,
                        {of_query, of_key, of_value, {}, of_query_rope, of_key_rope, of_sink});
        })

}  // namespace ascend_emulator
