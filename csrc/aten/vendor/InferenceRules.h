#pragma once

#include "csrc/aten/vendor/AttentionRules.h"

// Shapes of the attention of inference: B batch, S length, N heads, D depth, H = N * D, T tokens.
namespace at_npu::vendor {

// What the operators of inference have in common; those that they lack are left empty.
template <class T>
struct InferenceShapes {
  const T &query, &key, &value;
  std::string_view layout;  // as given, such as BNSD_BSND
  int64_t heads, key_heads;
  const std::optional<T>& block_table;
  at::OptionalIntArrayRef lengths, key_lengths;

  std::string_view given() const { return query_layout(layout); }
  bool is_flat() const { return given() == "BSH"; }
  bool is_packed() const { return given().find('T') != std::string_view::npos; }
  int64_t all_key_heads() const { return key_heads == 0 ? heads : key_heads; }
  Int<T> depth() const {
    return is_flat() ? Int<T>(query.size(-1) / heads) : Int<T>(query.size(-1));
  }
  Int<T> batch() const {
    return is_packed() ? Int<T>(sequences(lengths)) : size_of(query, given(), 'B');
  }
};

// Lengths in use, or with `is_packed` ends: one for each sequence, or one for all.
template <class T>
void check_lengths(const char* op, const char* name, at::OptionalIntArrayRef lengths,
                   const Int<T>& batch) {
  if (!lengths.has_value() || lengths->empty()) return;
  TORCH_CHECK(
      (lengths->size() == 1 || sequences(lengths) >= batch) && std::ranges::min(*lengths) >= 0, op,
      ": ", name, " must have one length, or one for each of the ", batch,
      " sequences, none negative; got ", *lengths);
}

// Eight numbers of four bits lie in an int32.
template <class T>
Int<T> stored_depth(const T& tensor, const Int<T>& columns) {
  return tensor.scalar_type() == at::kInt ? Int<T>(columns * 8) : columns;
}

// Keys as queries, but for their length and heads.
template <class T>
void check_keys(const char* op, const InferenceShapes<T>& in) {
  const std::string_view layout = in.given();
  const auto dims = static_cast<int64_t>(layout.size());
  const Int<T> key_heads = in.all_key_heads();
  check_dim(op, "key", in.key, dims, dims);
  const Int<T> expected = in.is_flat() ? Int<T>(in.depth() * key_heads) : in.depth();
  TORCH_CHECK((in.is_flat() || size_of(in.key, layout, 'N') == key_heads) &&
                  stored_depth<T>(in.key, in.key.size(-1)) == expected,
              op, ": key must have ", key_heads, " heads and the depth of query, ", in.depth(),
              ", in layout ", in.layout, ", got shape ", in.key.sizes());
  check_same_but_last(op, "value", in.value, "key", in.key);
  TORCH_CHECK(!in.is_flat() || in.value.size(-1) % key_heads == 0, op, ": value must have ",
              key_heads, " heads in its last dimension, got shape ", in.value.sizes());
  TORCH_CHECK(size_of(in.key, layout, 'B') == size_of(in.query, layout, 'B'), op, ": key ",
              in.key.sizes(), " must have the batch of query ", in.query.sizes());
  if (!in.is_packed()) {
    return check_lengths<T>(op, "the list of lengths of keys", in.key_lengths, in.batch());
  }
  TORCH_CHECK(sequences(in.key_lengths) == sequences(in.lengths), op,
              ": queries and keys must have the same number of sequences, got ",
              sequences(in.lengths), " and ", sequences(in.key_lengths), " ends");
  const int64_t end = in.key_lengths->back();
  TORCH_CHECK(std::ranges::is_sorted(*in.key_lengths) && size_of(in.key, layout, 'T') >= end, op,
              ": the ends of keys must ascend to at most the tokens of key ", in.key.sizes(),
              ", got ", *in.key_lengths);
}

// Blocks of a cache: [blocks, size, H], [blocks, N, size, D] or [blocks, N, D / n, size, n].
template <class T>
void check_key_blocks(const char* op, const InferenceShapes<T>& in) {
  const T& key = in.key;
  const Int<T> key_heads = in.all_key_heads();
  check_dim(op, "key", key, 3, 5);
  check_dim(op, "value", in.value, key.dim(), key.dim());
  const Int<T> columns = key.dim() == 5 ? Int<T>(key.size(2) * key.size(4)) : key.size(-1);
  TORCH_CHECK((key.dim() == 3 || key.size(1) == key_heads) &&
                  stored_depth<T>(key, columns) ==
                      (key.dim() == 3 ? Int<T>(in.depth() * key_heads) : in.depth()),
              op, ": key must have blocks of ", key_heads, " heads with the depth of query, ",
              in.depth(), ", got shape ", key.sizes());
  const int64_t size_dim = key.dim() == 3 ? 1 : key.dim() - 2;
  TORCH_CHECK(
      in.value.size(0) == key.size(0) && in.value.size(size_dim) == key.size(size_dim) &&
          (key.dim() == 3 ? in.value.size(-1) % key_heads == 0 : in.value.size(1) == key_heads),
      op, ": value must have the blocks and heads of key ", key.sizes(), ", got shape ",
      in.value.sizes());
  check_dim(op, "block_table", *in.block_table, 2, 2);
  TORCH_CHECK(in.block_table->size(0) == in.batch(), op,
              ": block_table must have a row for each of the ", in.batch(),
              " sequences, got shape ", in.block_table->sizes());
  TORCH_CHECK(sequences(in.key_lengths) > 0, op, ": block_table needs the lengths of the keys");
  check_lengths<T>(op, "the list of lengths of keys", in.key_lengths, in.batch());
  const Int<T> room = in.block_table->size(1) * key.size(size_dim);
  TORCH_CHECK(room >= std::ranges::max(*in.key_lengths), op, ": block_table ",
              in.block_table->sizes(), " has room for ", room,
              " keys of each sequence, got lengths ", *in.key_lengths);
}

template <class T>
void check_inference_shapes(const char* op, const InferenceShapes<T>& in) {
  check_inference(op, in.query, in.key, in.layout, in.heads, in.key_heads);
  if (in.is_packed()) {
    TORCH_CHECK(sequences(in.lengths) > 0, op, ": layout ", in.layout,
                " needs the ends of the sequences of queries");
    TORCH_CHECK(std::ranges::is_sorted(*in.lengths) && in.lengths->front() >= 0 &&
                    size_of(in.query, in.given(), 'T') >= in.lengths->back(),
                op, ": the ends of queries must ascend to at most the tokens of query ",
                in.query.sizes(), ", got ", *in.lengths);
  } else {
    check_lengths<T>(op, "the list of lengths of queries", in.lengths, in.batch());
  }
  if (is_given(in.block_table)) {
    check_key_blocks(op, in);
  } else {
    check_keys(op, in);
  }
}

// Where results are like queries.
template <class T>
void check_value_depth(const char* op, const InferenceShapes<T>& in) {
  const Int<T> depth = value_depth(in.value, in.block_table, in.layout, in.all_key_heads());
  TORCH_CHECK(depth == in.depth(), op, ": value must have the depth of query, ", in.depth(),
              ", got shape ", in.value.sizes());
}

// More of the depth, for the scores.
template <class T>
void check_rope(const char* op, const InferenceShapes<T>& in, const std::optional<T>& query_rope,
                const std::optional<T>& key_rope) {
  TORCH_CHECK(is_given(query_rope) == is_given(key_rope), op,
              ": query_rope and key_rope go together");
  if (!is_given(query_rope)) return;
  check_same_but_last(op, "query_rope", *query_rope, "query", in.query);
  const auto per_head = [](const T& tensor, bool flat, int64_t heads) {
    return flat ? Int<T>(tensor.size(-1) / heads) : tensor.size(-1);
  };
  const bool in_blocks = is_given(in.block_table);
  if (in_blocks && in.key.dim() == 5) return check_dim(op, "key_rope", *key_rope, 5, 5);
  check_same_but_last(op, "key_rope", *key_rope, "key", in.key);
  const bool flat_keys = in_blocks ? in.key.dim() == 3 : in.is_flat();
  TORCH_CHECK(per_head(*query_rope, in.is_flat(), in.heads) ==
                  per_head(*key_rope, flat_keys, in.all_key_heads()),
              op, ": query_rope ", query_rope->sizes(), " and key_rope ", key_rope->sizes(),
              " must have the same depth");
}

// What all sequences begin with.
template <class T>
void check_prefix(const char* op, const InferenceShapes<T>& in, const std::optional<T>& key_prefix,
                  const std::optional<T>& value_prefix, at::OptionalIntArrayRef length) {
  TORCH_CHECK(is_given(key_prefix) == is_given(value_prefix), op,
              ": key_shared_prefix and value_shared_prefix go together");
  if (!is_given(key_prefix)) return;
  const int64_t length_at = in.given() == "BNSD" ? 2 : 1;
  check_dim(op, "key_shared_prefix", *key_prefix, in.key.dim(), in.key.dim());
  const Int<T> room = key_prefix->size(length_at);
  for (const auto& [name, prefix, like] :
       {std::tuple("key_shared_prefix", *key_prefix, in.key),
        std::tuple("value_shared_prefix", *value_prefix, in.value)}) {
    Ints<T> sizes = sizes_of(like);
    sizes[0] = 1;
    sizes[length_at] = room;
    check_shape(op, name, prefix, sizes);
  }
  TORCH_CHECK(sequences(length) == 0 || ((*length)[0] >= 0 && room >= (*length)[0]), op,
              ": actual_shared_prefix_len must be at most the ", room,
              " of key_shared_prefix, got ", *length);
}

template <class T>
ScoreSizes<T> inference_scores(const InferenceShapes<T>& in, const Int<T>& prefix) {
  const bool in_blocks = is_given(in.block_table);
  const std::string_view layout = in.given();
  const Int<T> rows =
      in.is_packed() ? Int<T>(longest(*in.lengths)) : size_of(in.query, layout, 'S');
  const Int<T> columns = in_blocks        ? Int<T>(std::ranges::max(*in.key_lengths))
                         : in.is_packed() ? Int<T>(longest(*in.key_lengths))
                                          : size_of(in.key, layout, 'S');
  return {in.batch(), in.heads, rows, Int<T>(columns + prefix)};
}

// The mask and shift of the scores.
template <class T>
void check_inference_scores(const char* op, const InferenceShapes<T>& in,
                            const std::optional<T>& mask, const std::optional<T>& shift,
                            int64_t sparse_mode, const Int<T>& prefix) {
  const ScoreSizes<T> scores = inference_scores(in, prefix);
  check_inference_mask(op, mask, sparse_mode, scores);
  if (!is_given(shift)) return;
  check_dim(op, "pse_shift", *shift, 4, 4);
  check_for_each_head(op, "pse_shift", *shift, scores);
  check_covers(op, "pse_shift", *shift, scores);
}

template <class T>
Int<T> prefix_length(const std::optional<T>& prefix, const InferenceShapes<T>& in,
                     at::OptionalIntArrayRef length) {
  if (!is_given(prefix)) return 0;
  if (sequences(length) > 0) return (*length)[0];
  return prefix->size(in.given() == "BNSD" ? 2 : 1);
}

template <class T>
std::optional<T> none_like(const T&) {
  return std::nullopt;
}

// All of the above.
template <class T>
void check_fused(const char* op, const InferenceShapes<T>& in, const std::optional<T>& mask,
                 const std::optional<T>& shift, int64_t sparse_mode,
                 const std::optional<T>& query_rope, const std::optional<T>& key_rope,
                 const std::optional<T>& key_prefix, const std::optional<T>& value_prefix,
                 at::OptionalIntArrayRef prefix) {
  check_inference_shapes(op, in);
  check_rope(op, in, query_rope, key_rope);
  check_prefix(op, in, key_prefix, value_prefix, prefix);
  check_inference_scores<T>(op, in, mask, shift, sparse_mode,
                            prefix_length(key_prefix, in, prefix));
}

// ---- 8 bits ----

// The scales of products, and of a result: one, or one for each head and channel of it.
template <class T>
void check_product_scales(const char* op, const InferenceShapes<T>& in,
                          std::initializer_list<std::pair<const char*, std::optional<T>>> scales,
                          const char* result_name, const std::optional<T>& result_scale,
                          const char* offset_name, const std::optional<T>& result_offset) {
  for (const auto& [name, scale] : scales) check_one_element(op, name, scale);
  const Int<T> channels =
      in.heads * value_depth(in.value, in.block_table, in.layout, in.all_key_heads());
  for (const auto& [name, scale] :
       {std::pair(result_name, result_scale), std::pair(offset_name, result_offset)}) {
    if (!is_given(scale)) continue;
    TORCH_CHECK(scale->numel() == 1 || scale->numel() == channels, op, ": ", name,
                " must have 1 element, or ", channels, " for each head and channel, got shape ",
                scale->sizes());
  }
}

// Of int8 keys or values, see npu_fused_infer_attention_score for the modes. `parts`: 2 if one
// tensor has those of keys and of values.
template <class T>
void check_anti_scale(const char* op, const char* name, const std::optional<T>& scale,
                      const InferenceShapes<T>& in, const T& stored, int64_t mode, int64_t parts) {
  if (!is_given(scale)) return;
  TORCH_CHECK(mode >= 0 && mode <= 5, op, ": the mode of ", name, " must be 0 to 5, got ", mode);
  TORCH_CHECK(parts == 1 || (scale->dim() >= 1 && scale->size(0) == parts), op, ": ", name,
              " must have those of keys and of values, [2, …], got shape ", scale->sizes());
  const Int<T> count = scale->numel() / parts, heads = in.all_key_heads();
  const auto depth_of = [&](const T& tensor) {
    return value_depth(tensor, in.block_table, in.layout, in.all_key_heads());
  };
  TORCH_CHECK(parts == 1 || depth_of(in.value) == depth_of(in.key), op, ": with ", name,
              " value must have the depth of key, ", depth_of(in.key), ", got shape ",
              in.value.sizes());
  const bool in_blocks = is_given(in.block_table);
  const bool by_token = mode == 1 || mode == 3, with_heads = mode == 3;
  if (mode == 0 || mode == 2) {
    const Int<T> all = mode == 2 ? heads : Int<T>(heads * depth_of(stored));
    TORCH_CHECK((mode == 0 && count == 1) || count == all, op, ": ", name,
                mode == 0 ? " must have 1 element, or " : " must have ", all, " of ",
                mode == 0 ? "each head and channel" : "each head", ", got shape ", scale->sizes());
  } else if (by_token && !in_blocks && !in.is_packed()) {
    const Int<T> tokens = in.batch() * size_of(in.key, in.given(), 'S');
    const Int<T> least = with_heads ? Int<T>(tokens * heads) : tokens;
    TORCH_CHECK(
        count >= least && count % (with_heads ? Int<T>(in.batch() * heads) : in.batch()) == 0, op,
        ": ", name, " must have one element for each of the ", least,
        with_heads ? " tokens and heads" : " tokens", ", got shape ", scale->sizes());
  }
}

}  // namespace at_npu::vendor
