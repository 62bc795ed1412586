#include "emulator/ops/kernels/training_attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>

#include "emulator/ops/kernels/bits.h"
#include "emulator/ops/kernels/optional.h"

// A batch is one part, of sequences that lie one after the other (layout TND) each is one.
namespace ascend_emulator {

// Where the tokens are, and the dropped scores' bits.
struct AttentionPart {
  int64_t index = 0;
  int64_t query_begin = 0, query_end = 0, key_begin = 0, key_end = 0;
  int64_t bits_begin = 0, bits_end = 0;
};

// Tensors of a documented layout as parts [batch, heads, length, depth], and back.
class AttentionLayout {
 public:
  AttentionLayout(std::string_view name, const Tensor& query, const Tensor& key, int64_t heads,
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
    AttentionPart last;
    for (size_t i = 0; i < query_ends->size(); ++i) {
      AttentionPart next{static_cast<int64_t>(i),
                         last.query_end,
                         (*query_ends)[i],
                         last.key_end,
                         (*key_ends)[i],
                         last.bits_end,
                         0};
      next.bits_end = next.bits_begin +
                      heads * (next.query_end - next.query_begin) * (next.key_end - next.key_begin);
      parts_.push_back(next);
      last = next;
    }
  }

  const std::vector<AttentionPart>& parts() const { return parts_; }
  int64_t groups() const { return heads_ / key_heads_; }

  Tensor queries(const Tensor& tensor, const AttentionPart& part) const {
    return split(tensor, heads_, part.query_begin, part.query_end);
  }
  Tensor keys(const Tensor& tensor, const AttentionPart& part) const {
    return split(tensor, key_heads_, part.key_begin, part.key_end);
  }
  // Each row's maximum or sum: [batch, heads, length, 8] or [tokens, heads, 8].
  Tensor statistic(const Tensor& tensor, const AttentionPart& part) const {
    return is_packed() ? queries(tensor, part) : tensor;
  }

  void store_queries(Tensor& target, const AttentionPart& part, const Tensor& heads) const {
    store(target, heads, part.query_begin, part.query_end);
  }
  // Queries without any key see nothing.
  void clear_queries(Tensor& target, const AttentionPart& part) const {
    (is_packed() ? target.slice(0, part.query_begin, part.query_end) : target).zero_();
  }
  void store_keys(Tensor& target, const AttentionPart& part, const Tensor& heads) const {
    store(target, heads, part.key_begin, part.key_end);
  }
  void store_statistic(Tensor& target, const AttentionPart& part, const Tensor& rows) const {
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
  std::vector<AttentionPart> parts_;
};

namespace {

// ALiBi as the kernel makes it from slopes, [heads] or [sequences, heads].
Tensor distance_shift(const Tensor& slopes, int64_t rows, int64_t columns, int64_t offset,
                      bool is_root) {
  Tensor distance =
      (at::arange(columns, at::kFloat) + offset - at::arange(rows, at::kFloat).unsqueeze(-1)).abs();
  if (is_root) distance = distance.sqrt();
  return slopes.to(at::kFloat).neg().reshape({-1, slopes.size(-1), 1, 1}) * distance;
}

int64_t first(const OptionalIntArray& values) { return has(values) ? (*values)[0] : 0; }

// The gradient of what was joined to one depth.
template <class Store>
void store_halves(const Tensor& grad, Tensor& first, OptionalTensor& second, Store store) {
  if (!has(second)) return store(first, grad);
  const int64_t depth = grad.size(-1) - second->size(-1);
  store(first, grad.slice(-1, 0, depth));
  store(*second, grad.slice(-1, depth));
}

}  // namespace

AttentionLayout Attention::layout() const {
  return {layout_name, query, key, heads, query_ends, key_ends};
}

Tensor Attention::queries(const AttentionLayout& layout, const AttentionPart& part) const {
  const Tensor own = layout.queries(query, part);
  return has(query_rope) ? at::cat({own, layout.queries(*query_rope, part)}, -1) : own;
}

Tensor Attention::keys(const AttentionLayout& layout, const AttentionPart& part) const {
  const Tensor own = layout.keys(key, part);
  return spread(has(key_rope) ? at::cat({own, layout.keys(*key_rope, part)}, -1) : own,
                layout.groups());
}

// As it is added before the scale.
OptionalTensor Attention::shift_of(const AttentionPart& part, int64_t rows, int64_t columns) const {
  const bool is_packed = layout_name == "TND";
  switch (static_cast<ShiftType>(shift_type)) {
    case ShiftType::kAfterScale:
    case ShiftType::kBeforeScale:
      TORCH_CHECK(!has(shift) || !is_packed, "a position shift is not emulated with TND.");
      return has(shift) && static_cast<ShiftType>(shift_type) == ShiftType::kAfterScale
                 ? OptionalTensor(shift->to(at::kFloat) / scale)
                 : shift;
    case ShiftType::kDistance:
    case ShiftType::kRootDistance: {
      TORCH_CHECK(has(shift) && shift->scalar_type() == at::kFloat && shift->dim() <= 2, "pseType ",
                  shift_type, " needs slopes [N] or [B, N] in float32.");
      TORCH_CHECK(rows == columns, "pseType ", shift_type, " needs as many keys as queries, not ",
                  columns, " for ", rows, ".");
      const bool of_sequence = is_packed && shift->dim() == 2;
      return distance_shift(of_sequence ? shift->select(0, part.index) : *shift, rows, columns,
                            first(key_start) - first(query_start),
                            static_cast<ShiftType>(shift_type) == ShiftType::kRootDistance) /
             scale;
    }
  }
  TORCH_CHECK(false, "pseType is ", shift_type, "; it must be 0 to 3.");
}

// Sequences that lie one after the other may have a mask each.
Masking Attention::masking(const AttentionPart& part) const {
  const bool of_sequence =
      has(mask) && layout_name == "TND" && mask->dim() == 4 && mask->size(0) > 1;
  return {of_sequence ? OptionalTensor(mask->narrow(0, part.index, 1)) : mask, sparse_mode, before,
          after};
}

Tensor Attention::dropout(const AttentionPart& part, const Tensor& like) const {
  if (!has(drop_bits) || keep >= 1) return {};
  const int64_t end = layout_name == "TND" ? part.bits_end : like.numel();
  return kept(unpack_bits(drop_bits->flatten(), end).slice(0, part.bits_begin, end), like, keep);
}

void Attention::forward(Tensor& maximum, Tensor& sum, Tensor& out) const {
  const AttentionLayout in = layout();
  for (const AttentionPart& part : in.parts()) {
    const Tensor q = queries(in, part), k = keys(in, part);
    if (k.size(-2) == 0) {
      for (Tensor* target : {&maximum, &sum, &out}) in.clear_queries(*target, part);
      continue;
    }
    Weights found = with_sink(
        attention_weights(q, k, shift_of(part, q.size(-2), k.size(-2)), scale, masking(part)),
        sink);
    in.store_statistic(maximum, part, found.maximum);
    in.store_statistic(sum, part, found.sum);
    const Tensor drop = dropout(part, found.weights);
    if (drop.defined()) found.weights = found.weights * drop;
    in.store_queries(out, part, found.weights.matmul(spread(in.keys(value, part), in.groups())));
  }
}

void Attention::backward(const Tensor& grad, const OptionalTensor& maximum,
                         const OptionalTensor& sum, Outputs out) const {
  TORCH_CHECK(maximum && sum, "softmaxMaxOptional and softmaxSumOptional are needed.");
  const AttentionLayout in = layout();
  // Slopes have no gradient: the hardware leaves dpseOut alone.
  const bool of_shift = has(out.shift) && shift_type < static_cast<int64_t>(ShiftType::kDistance);
  if (has(out.sink)) out.sink->zero_();
  for (const AttentionPart& part : in.parts()) {
    const Tensor q = queries(in, part), k = keys(in, part);
    if (k.size(-2) == 0) {
      in.clear_queries(out.query, part);
      if (has(out.query_rope)) in.clear_queries(*out.query_rope, part);
      continue;
    }
    const Tensor peak = in.statistic(*maximum, part).narrow(-1, 0, 1);
    const Tensor total = in.statistic(*sum, part).narrow(-1, 0, 1);
    const Tensor weights = attention_weights(q, k, shift_of(part, q.size(-2), k.size(-2)), scale,
                                             masking(part), peak, total);
    const Gradients made =
        attention_gradients(in.queries(grad, part), q, k, spread(in.keys(value, part), in.groups()),
                            weights, dropout(part, weights), scale, in.groups());
    store_halves(made.query, out.query, out.query_rope, [&](Tensor& target, const Tensor& heads) {
      in.store_queries(target, part, heads);
    });
    store_halves(made.key, out.key, out.key_rope,
                 [&](Tensor& target, const Tensor& heads) { in.store_keys(target, part, heads); });
    in.store_keys(out.value, part, made.value);
    if (of_shift) {
      const bool is_scaled = static_cast<ShiftType>(shift_type) == ShiftType::kBeforeScale;
      const Tensor all = is_scaled ? made.scores : made.scores / scale;
      out.shift->copy_(all.sum_to_size(out.shift->sizes()));
    }
    if (has(out.sink)) {
      const Tensor own = (sink->to(at::kFloat).reshape({1, -1, 1, 1}) - peak).exp() / total;
      out.sink->sub_((own * made.inner).sum({0, 2, 3}));
    }
  }
}

}  // namespace ascend_emulator
