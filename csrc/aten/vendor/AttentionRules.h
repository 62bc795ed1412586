#pragma once

#include "csrc/aten/vendor/MaskRules.h"

// Attention: B batch, S length, N heads, D depth, H = N * D, T tokens of all sequences.
namespace at_npu::vendor {

// From pse_type 2 on, pse holds slopes, which the kernel multiplies by distances.
constexpr int64_t kFirstSlopes = 2;
constexpr int64_t kStatisticsWidth = 8;  // the kernel repeats each row's maximum and sum so often

inline bool has_flat_heads(std::string_view layout) { return layout == "BSH" || layout == "SBH"; }
inline int64_t batch_dim(std::string_view layout) { return layout == "SBH" ? 1 : 0; }
inline int64_t length_dim(std::string_view layout) {
  return layout == "SBH" ? 0 : layout == "BNSD" ? 2 : 1;
}

// Number of the sequences with these ends; 0: they are not given.
inline int64_t sequences(at::OptionalIntArrayRef ends) {
  return ends.has_value() ? static_cast<int64_t>(ends->size()) : 0;
}

// ---- npu_fusion_attention ----

template <class T>
void check_attention_heads(const char* op, const T& query, const T& key, const T& value,
                           int64_t head_num, std::string_view layout) {
  check_one_of(op, "input_layout", layout, {"BSH", "SBH", "BNSD", "BSND", "TND"});
  const auto dims = static_cast<int64_t>(layout.size());
  check_dim(op, "query", query, dims, dims);
  check_dim(op, "key", key, dims, dims);
  check_dim(op, "value", value, dims, dims);
  check_same_dtype(op, "key", key, "query", query);
  check_same_dtype(op, "value", value, "query", query);
  const bool flat = has_flat_heads(layout);
  const int64_t head_dim = layout == "BSND" ? 2 : 1;
  TORCH_CHECK(
      head_num > 0 && (flat ? query.size(-1) % head_num == 0 : query.size(head_dim) == head_num),
      op, ": head_num is ", head_num, ", which does not fit the query ", query.sizes(),
      " in layout ", layout);
  const Int<T> depth = flat ? Int<T>(query.size(-1) / head_num) : query.size(-1);
  TORCH_CHECK(flat ? key.size(-1) % depth == 0 : key.size(-1) == depth, op, ": key ", key.sizes(),
              " must have the depth of query, ", depth, flat ? " for each head" : "");
  const Int<T> key_heads = flat ? Int<T>(key.size(-1) / depth) : key.size(head_dim);
  TORCH_CHECK(key_heads > 0 && head_num % key_heads == 0, op, ": the ", head_num,
              " heads of the query are no multiple of the ", key_heads, " of the key ",
              key.sizes());
  check_same_but_last(op, "value", value, "key", key);
  TORCH_CHECK(value.size(-1) <= key.size(-1) && (!flat || value.size(-1) % key_heads == 0), op,
              ": value ", value.sizes(), " must have the ", key_heads, " heads of key ",
              key.sizes(), ", no deeper than those");
  if (layout == "TND") return;
  const int64_t batch = batch_dim(layout), length = length_dim(layout);
  TORCH_CHECK(key.size(batch) == query.size(batch), op, ": key ", key.sizes(),
              " must have the batch of query ", query.sizes());
  TORCH_CHECK(key.size(length) > 0 || query.numel() == 0, op, ": key ", key.sizes(),
              " must have at least one key");
}

// Ends of sequences that lie one after the other.
template <class T>
void check_ends(const char* op, const char* name, at::IntArrayRef ends, const T& tensor) {
  TORCH_CHECK(std::ranges::is_sorted(ends) && ends.front() >= 0 && tensor.size(0) >= ends.back(),
              op, ": ", name, " must have the ends of sequences in ascending order, at most the ",
              tensor.size(0), " tokens that there are, got ", ends);
}

template <class T>
void check_attention(const char* op, const T& query, const T& key, const T& value, int64_t head_num,
                     std::string_view layout, double keep_prob, at::OptionalIntArrayRef query_ends,
                     at::OptionalIntArrayRef key_ends) {
  check_attention_heads(op, query, key, value, head_num, layout);
  TORCH_CHECK(keep_prob > 0 && keep_prob <= 1, op, ": keep_prob must be in (0, 1], got ",
              keep_prob);
  if (layout != "TND") return;
  TORCH_CHECK(sequences(query_ends) > 0 && sequences(query_ends) == sequences(key_ends), op,
              ": layout TND needs actual_seq_qlen and actual_seq_kvlen, the ends of the same "
              "number of sequences");
  check_ends(op, "actual_seq_qlen", *query_ends, query);
  check_ends(op, "actual_seq_kvlen", *key_ends, key);
}

// The longest of the sequences with these ends.
inline int64_t longest(at::IntArrayRef ends) {
  int64_t begin = 0, result = 0;
  for (const int64_t end : ends) {
    result = std::max(result, end - begin);
    begin = end;
  }
  return result;
}

template <class T>
ScoreSizes<T> score_sizes(const T& query, const T& key, int64_t head_num, std::string_view layout,
                          at::OptionalIntArrayRef query_ends, at::OptionalIntArrayRef key_ends) {
  const Int<T> heads = head_num;
  if (layout == "TND") {
    return {sequences(query_ends), heads, longest(*query_ends), longest(*key_ends)};
  }
  return {query.size(batch_dim(layout)), heads, query.size(length_dim(layout)),
          key.size(length_dim(layout))};
}

// What is done to the scores. From pse_type 2 on pse holds slopes, see check_slopes.
template <class T>
void check_score_options(const char* op, const T& query, const ScoreSizes<T>& scores,
                         std::string_view layout, const std::optional<T>& pse, int64_t pse_type,
                         const std::optional<T>& atten_mask, int64_t sparse_mode,
                         at::OptionalIntArrayRef prefix, int64_t inner_precise) {
  check_training_mask(op, atten_mask, sparse_mode, scores);
  TORCH_CHECK(!prefix.has_value() || prefix->empty(), op,
              ": prefix goes with sparse_mode 5 and 6, got sparse_mode ", sparse_mode);
  TORCH_CHECK(inner_precise >= 0 && inner_precise <= 2, op, ": inner_precise must be 0 to 2, got ",
              inner_precise);
  if (pse_type >= kFirstSlopes) return;
  TORCH_CHECK_NOT_IMPLEMENTED(layout != "TND" || !is_given(pse), op, ": pse of pse_type ", pse_type,
                              " is not supported in layout TND");
  check_shift(op, "pse", pse, query, scores);
}

template <class T>
Output<T> attention_out(const T& query, const T& key, const T& value, int64_t head_num,
                        std::string_view layout) {
  if (!has_flat_heads(layout)) return resized(query, -1, value.size(-1));
  const Int<T> depth = query.size(-1) / head_num;
  const Int<T> key_heads = key.size(-1) / depth;
  return resized(query, -1, Int<T>(value.size(-1) / key_heads * head_num));
}

// Maximum or sum of each row of scores.
template <class T>
Output<T> attention_statistic(const T& query, int64_t head_num, std::string_view layout) {
  if (layout == "TND") return sized(query, {query.size(0), head_num, kStatisticsWidth}, at::kFloat);
  return sized(
      query,
      {query.size(batch_dim(layout)), head_num, query.size(length_dim(layout)), kStatisticsWidth},
      at::kFloat);
}

// What the forward returned, for the backward.
template <class T>
void check_attention_saved(const char* op, const T& query, const T& key, const T& value,
                           const T& dy, int64_t head_num, std::string_view layout,
                           const std::optional<T>& maximum, const std::optional<T>& sum,
                           const std::optional<T>& result) {
  const Ints<T> sizes = attention_out(query, key, value, head_num, layout).sizes;
  check_shape(op, "dy", dy, sizes);
  check_if_given(op, "attention_in", result, sizes);
  TORCH_CHECK(is_given(maximum) && is_given(sum), op,
              ": it needs softmax_max and softmax_sum, the second and third result of the "
              "attention");
  const Ints<T> rows = attention_statistic(query, head_num, layout).sizes;
  check_shape(op, "softmax_max", *maximum, rows);
  check_shape(op, "softmax_sum", *sum, rows);
}

// Bits of dropout, and what makes them again.
struct DropMask {
  at::Tensor mask;  // undefined: nothing is dropped
  int64_t seed = 0, offset = 0, count = 0;
};

// For the scores of an attention, from the device's default generator.
DropMask draw_mask(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                   std::string_view layout, double keep_prob, at::OptionalIntArrayRef query_ends,
                   at::OptionalIntArrayRef key_ends);
at::Tensor same_mask(const at::Tensor& query, double keep_prob, int64_t seed, int64_t offset,
                     int64_t count);
// One that is given, if it has the bits of all scores.
DropMask given_mask(const char* op, const at::Tensor& mask, const at::Tensor& query,
                    const at::Tensor& key, int64_t head_num, std::string_view layout,
                    at::OptionalIntArrayRef query_ends, at::OptionalIntArrayRef key_ends);

// The same with seed and offset in memory of the device, [1] in int64, as graphs need them.
struct SeededMask {
  at::Tensor mask, seed, offset;
};

SeededMask draw_seeded_mask(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                            std::string_view layout, double keep_prob,
                            at::OptionalIntArrayRef query_ends, at::OptionalIntArrayRef key_ends);
at::Tensor same_mask(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                     std::string_view layout, double keep_prob, at::OptionalIntArrayRef query_ends,
                     at::OptionalIntArrayRef key_ends, const std::optional<at::Tensor>& seed,
                     const std::optional<at::Tensor>& offset);

// Options that are not passed on.
void check_unsupported_attention(const char* op, std::string_view softmax_layout);

// `seed` and `offset` tell how a mask that is given was made.
template <class T>
void check_dropout_mask(const char* op, const std::optional<T>& mask, double keep_prob,
                        int64_t seed, int64_t offset) {
  if (!is_given(mask)) {
    TORCH_CHECK_NOT_IMPLEMENTED(seed == 0 && offset == 0, op,
                                ": a seed and offset are supported with a dropout_mask only. "
                                "Leave them out, or give the mask that they make");
    return;
  }
  TORCH_CHECK(mask->scalar_type() == at::kByte && keep_prob < 1, op,
              ": dropout_mask must be uint8, a bit for each score, and goes with keep_prob < 1; "
              "got ",
              mask->scalar_type(), " and keep_prob ", keep_prob);
}

template <class T>
void check_sink(const char* op, const std::optional<T>& sink, int64_t head_num) {
  if (!is_given(sink)) return;
  check_shape(op, "sink", *sink, {Int<T>(head_num)});
  TORCH_CHECK(sink->scalar_type() == at::kFloat, op, ": sink must be float32, got ",
              sink->scalar_type());
}

// Slopes are constants to the backward.
template <class T>
Output<T> pse_gradient(const std::optional<T>& pse, const T& query, int64_t pse_type) {
  return pse_type < kFirstSlopes ? same_or_empty(pse, query) : sized(query, {0});
}

template <class T>
void check_slopes(const char* op, const T& query, const T& key, const std::optional<T>& slopes,
                  int64_t head_num, std::string_view layout, int64_t pse_type,
                  at::OptionalIntArrayRef query_ends, at::OptionalIntArrayRef key_ends) {
  TORCH_CHECK(is_given(slopes) && slopes->scalar_type() == at::kFloat, op, ": pse_type ", pse_type,
              " needs the slope of each head as pse, [N] or [B, N] in float32");
  check_dim(op, "pse", *slopes, 1, 2);
  const bool is_packed = layout == "TND";
  const Int<T> batch =
      is_packed ? Int<T>(sequences(query_ends)) : Int<T>(query.size(batch_dim(layout)));
  if (slopes->dim() == 1) {
    check_shape(op, "pse", *slopes, {Int<T>(head_num)});
  } else {
    check_shape(op, "pse", *slopes, {batch, Int<T>(head_num)});
  }
  TORCH_CHECK(is_packed ? *query_ends == *key_ends
                        : query.size(length_dim(layout)) == key.size(length_dim(layout)),
              op, ": pse_type ", pse_type, " needs as many keys as queries in each sequence");
}

template <class T>
void check_attention_v2(const char* op, const T& query, const T& key,
                        const std::optional<T>& query_rope, const std::optional<T>& key_rope,
                        const std::optional<T>& pse, int64_t head_num, std::string_view layout,
                        int64_t pse_type, at::OptionalIntArrayRef query_ends,
                        at::OptionalIntArrayRef key_ends, at::OptionalIntArrayRef query_start,
                        at::OptionalIntArrayRef key_start) {
  TORCH_CHECK(pse_type >= 0 && pse_type <= 3, op, ": pse_type must be 0 to 3, got ", pse_type);
  for (const at::OptionalIntArrayRef& start : {query_start, key_start}) {
    TORCH_CHECK(!start.has_value() || (pse_type >= kFirstSlopes && start->size() == 1), op,
                ": q_start_idx and kv_start_idx are one number each, for pse_type 2 and 3 only");
  }
  if (pse_type >= kFirstSlopes) {
    check_slopes(op, query, key, pse, head_num, layout, pse_type, query_ends, key_ends);
  }
  TORCH_CHECK(is_given(query_rope) == is_given(key_rope), op,
              ": query_rope and key_rope go together");
  if (!is_given(query_rope)) return;
  TORCH_CHECK(layout == "TND" && pse_type == 1, op,
              ": query_rope needs the layout TND and pse_type 1, got ", layout, " and ", pse_type);
  check_shape(op, "query_rope", *query_rope, resized(query, -1, query_rope->size(-1)).sizes);
  check_shape(op, "key_rope", *key_rope, resized(key, -1, query_rope->size(-1)).sizes);
}

// ---- attention of inference ----

// Layouts are named after the dimensions: "BNSD_BSND" takes queries as [B, N, S, D] and gives
// results as [B, S, N, D].
inline std::string_view query_layout(std::string_view layout) {
  return layout.substr(0, layout.find('_'));
}
inline std::string_view result_layout(std::string_view layout) {
  return layout.substr(layout.rfind('_') + 1);
}
template <class T>
Int<T> size_of(const T& tensor, std::string_view layout, char dimension) {
  const size_t place = layout.find(dimension);
  return place == std::string_view::npos ? Int<T>(1) : Int<T>(tensor.size(place));
}

template <class T>
void check_inference(const char* op, const T& query, const T& key, std::string_view layout,
                     int64_t heads, int64_t key_heads) {
  check_one_of(op, "input_layout", layout,
               {"BSH", "BSND", "BNSD", "TND", "NTD", "NSD", "BNSD_BSND", "BSH_BNSD", "BSND_BNSD",
                "NTD_TND", "BSH_NBSD", "BSND_NBSD", "BNSD_NBSD", "TND_NTD"});
  const std::string_view given = query_layout(layout);
  const auto dims = static_cast<int64_t>(given.size());
  check_dim(op, "query", query, dims, dims);
  check_dim(op, "key", key, 3, 5);
  TORCH_CHECK(heads > 0 && (key_heads == 0 || (key_heads > 0 && heads % key_heads == 0)), op,
              ": the number of heads, ", heads,
              ", must be positive and a multiple of that of the "
              "keys, ",
              key_heads);
  TORCH_CHECK(given == "BSH" ? query.size(-1) % heads == 0 : size_of(query, given, 'N') == heads,
              op, ": ", heads, " heads do not fit the query ", query.sizes(), " in layout ",
              layout);
}

template <class T>
Output<T> inference_out(const T& query, const std::optional<T>& quant_scale,
                        std::string_view layout) {
  Output<T> result = same(query);
  if (layout == "BNSD_BSND") std::swap(result.sizes[1], result.sizes[2]);
  if (is_given(quant_scale)) result.dtype = at::kChar;
  return result;
}

// Of each head of the values, which may be in blocks of a cache.
template <class T>
Int<T> value_depth(const T& value, const std::optional<T>& block_table, std::string_view layout,
                   int64_t key_heads) {
  constexpr int64_t kPacked = 8;  // int4 in an int32
  const bool flat = is_given(block_table) ? value.dim() == 3 : query_layout(layout) == "BSH";
  Int<T> depth = flat               ? Int<T>(value.size(-1) / key_heads)
                 : value.dim() == 5 ? Int<T>(value.size(2) * value.size(4))
                                    : Int<T>(value.size(-1));
  return value.scalar_type() == at::kInt ? Int<T>(depth * kPacked) : depth;
}

template <class T>
Output<T> fused_out(const T& query, const T& value, const std::optional<T>& block_table,
                    const std::optional<T>& quant_scale, std::string_view layout, int64_t heads,
                    int64_t key_heads) {
  const Int<T> depth = value_depth(value, block_table, layout, key_heads == 0 ? heads : key_heads);
  Ints<T> sizes;
  for (const char dimension : result_layout(layout)) {
    sizes.push_back(dimension == 'D'   ? depth
                    : dimension == 'H' ? Int<T>(depth * heads)
                    : dimension == 'N' ? Int<T>(heads)
                                       : size_of(query, query_layout(layout), dimension));
  }
  const at::ScalarType dtype = query.scalar_type() == at::kChar ? at::kHalf : query.scalar_type();
  return sized(query, sizes, is_given(quant_scale) ? at::kChar : dtype);
}

// log(sum(exp(scores))) of each row, if wanted.
template <class T>
Output<T> inference_lse(const T& query, std::string_view layout, int64_t heads, bool wanted) {
  if (!wanted) return sized(query, {0}, at::kFloat);
  const std::string_view given = query_layout(layout);
  if (given.find('T') != std::string_view::npos) {
    return sized(query, {size_of(query, given, 'T'), Int<T>(heads), Int<T>(1)}, at::kFloat);
  }
  return sized(query,
               {size_of(query, given, 'B'), Int<T>(heads), size_of(query, given, 'S'), Int<T>(1)},
               at::kFloat);
}

template <class List>
void check_attention_update(const List& lse, const List& parts) {
  constexpr char op[] = "npu_attention_update";
  TORCH_CHECK(!lse.empty() && lse.size() == parts.size(), op,
              ": lse and local_out must be lists of the same length, got ", lse.size(), " and ",
              parts.size());
  for (size_t i = 0; i < lse.size(); ++i) {
    check_dim(op, "each local_out", parts[i], 2, 2);
    check_shape(op, "each lse", lse[i], {parts[i].size(0)});
    check_alike(op, "each local_out", parts[i], "the first", parts[0]);
  }
}

}  // namespace at_npu::vendor
