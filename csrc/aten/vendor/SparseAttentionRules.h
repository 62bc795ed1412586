#pragma once

#include "csrc/aten/vendor/Rules.h"

// Attention to chosen keys, see sparse_attention.yaml.
namespace at_npu::vendor {

template <class T>
void check_sparse_layouts(const char* op, const T& query, const T& key,
                          std::string_view query_layout, std::string_view key_layout,
                          const std::optional<T>& query_lengths,
                          const std::optional<T>& key_lengths, const std::optional<T>& block_table,
                          int64_t sparse_mode) {
  check_one_of(op, "layout_query", query_layout, {"BSND", "TND"});
  check_one_of(op, "the layout of keys", key_layout, {"BSND", "TND", "PA_BSND"});
  const bool in_blocks = key_layout == "PA_BSND";
  TORCH_CHECK(in_blocks || key_layout == query_layout, op, ": keys in layout ", key_layout,
              " need queries in the same layout, got ", query_layout);
  const int64_t query_dims = query_layout == "TND" ? 3 : 4;
  const int64_t key_dims = key_layout == "TND" ? 3 : 4;
  check_dim(op, "query", query, query_dims, query_dims);
  check_dim(op, "key", key, key_dims, key_dims);
  TORCH_CHECK(key.size(-2) == 1, op, ": key must have one head, got shape ", key.sizes());
  TORCH_CHECK(query_layout != "TND" || is_given(query_lengths), op,
              ": layout TND needs actual_seq_lengths_query, the ends of the sequences");
  TORCH_CHECK(key_layout == "BSND" || is_given(key_lengths), op, ": keys in layout ", key_layout,
              " need their actual_seq_lengths");
  TORCH_CHECK(in_blocks == is_given(block_table), op,
              ": block_table goes with keys in layout PA_BSND, got ", key_layout);
  TORCH_CHECK(sparse_mode == 0 || sparse_mode == 3, op, ": sparse_mode must be 0 or 3, got ",
              sparse_mode);
  const Int<T> batch = query_layout == "TND" ? query_lengths->numel() : query.size(0);
  TORCH_CHECK(key_layout != "BSND" || key.size(0) == batch, op, ": key ", key.sizes(),
              " must have the batch of query ", query.sizes());
  check_if_given(op, "actual_seq_lengths_query", query_lengths, {batch});
  check_if_given(op, "the actual_seq_lengths of keys", key_lengths, {batch});
  if (!in_blocks) return;
  check_dim(op, "block_table", *block_table, 2, 2);
  check_shape(op, "block_table", *block_table, {batch, block_table->size(1)});
}

template <class T>
void check_key_depth(const char* op, const T& query, const T& key) {
  TORCH_CHECK(key.size(-1) == query.size(-1), op, ": key must have the depth of query, ",
              query.size(-1), ", got shape ", key.sizes());
}

template <class T>
Ints<T> without_last(const T& tensor) {
  return Ints<T>(tensor.sizes().begin(), tensor.sizes().end() - 1);
}

template <class T>
void check_indexer(const char* op, const T& query, const T& key, const T& weights, int64_t count) {
  check_key_depth(op, query, key);
  check_shape(op, "weights", weights, without_last(query));
  TORCH_CHECK(count > 0, op, ": sparse_count must be positive, got ", count);
}

template <class T>
void check_quant_indexer(const T& weights, const T& query_scale, const T& key, const T& key_scale,
                         int64_t query_mode, int64_t key_mode) {
  constexpr char op[] = "npu_quant_lightning_indexer";
  check_same_shape(op, "query_dequant_scale", query_scale, "weights", weights);
  check_shape(op, "key_dequant_scale", key_scale, without_last(key));
  TORCH_CHECK_NOT_IMPLEMENTED(query_mode == 0 && key_mode == 0, op,
                              ": query_quant_mode and key_quant_mode must be 0, got ", query_mode,
                              " and ", key_mode);
}

template <class T>
Output<T> best_keys(const T& query, int64_t count, at::ScalarType dtype) {
  Ints<T> sizes = without_last(query);
  sizes.back() = 1;
  sizes.push_back(count);
  return sized(query, sizes, dtype);
}
template <class T>
Output<T> best_key_scores(const T& query, int64_t count, bool wanted) {
  return wanted ? best_keys(query, count, query.scalar_type()) : sized(query, {0});
}

template <class T>
void check_sparse_attention(const char* op, const T& query, const T& indices, int64_t block_size,
                            int64_t attention_mode) {
  check_dim(op, "sparse_indices", indices, query.dim(), query.dim());
  Ints<T> sizes = without_last(query);
  sizes.back() = 1;
  sizes.push_back(indices.size(-1));
  check_shape(op, "sparse_indices", indices, sizes);
  TORCH_CHECK(block_size >= 1, op, ": sparse_block_size must be positive, got ", block_size);
  TORCH_CHECK_NOT_IMPLEMENTED(attention_mode == 2, op, ": attention_mode must be 2, got ",
                              attention_mode);
}

// More of the depth, for the scores.
template <class T>
void check_sparse_operands(const char* op, const T& query, const T& key,
                           const std::optional<T>& value, const std::optional<T>& query_rope,
                           const std::optional<T>& key_rope, const std::optional<T>& sinks) {
  check_key_depth(op, query, key);
  if (is_given(value)) check_same_shape(op, "value", *value, "key", key);
  check_if_given(op, "sinks", sinks, {query.size(-2)});
  TORCH_CHECK(is_given(query_rope) == is_given(key_rope), op,
              ": query_rope and key_rope go together");
  if (!is_given(query_rope)) return;
  check_same_but_last(op, "query_rope", *query_rope, "query", query);
  check_same_but_last(op, "key_rope", *key_rope, "key", key);
  TORCH_CHECK(key_rope->size(-1) == query_rope->size(-1), op, ": query_rope ", query_rope->sizes(),
              " and key_rope ", key_rope->sizes(), " must have the same depth");
}

template <class T>
void check_quant_sparse_attention(const T& query, const T& key, int64_t key_mode,
                                  int64_t value_mode, int64_t storage, int64_t tile,
                                  int64_t rope_depth, bool has_scales) {
  constexpr char op[] = "npu_kv_quant_sparse_flash_attention";
  TORCH_CHECK_NOT_IMPLEMENTED(
      key_mode == 2 && value_mode == 2 && storage == 1 && !has_scales, op,
      ": key_quant_mode and value_quant_mode must be 2, quant_scale_repo_mode 1, and the scales "
      "part of the keys");
  const Int<T> depth = query.size(-1) - rope_depth;
  TORCH_CHECK(tile > 0 && depth % tile == 0, op, ": the depth of query without rope_head_dim, ",
              depth, ", must be a multiple of tile_size ", tile);
  const Int<T> bytes = depth + 2 * rope_depth + 4 * (depth / tile);
  TORCH_CHECK(key.size(-1) == bytes, op, ": the last dimension of key must be ", depth, " + 2 * ",
              rope_depth, " + 4 * ", depth / tile, " bytes, got shape ", key.sizes());
}

// Maximum or sum of each row, if wanted.
template <class T>
Output<T> sparse_statistic(const T& query, bool wanted) {
  if (!wanted) return sized(query, {0}, at::kFloat);
  if (query.dim() == 3) return sized(query, {Int<T>(1), query.size(0), query.size(1)}, at::kFloat);
  return sized(query, {query.size(0), Int<T>(1), query.size(1), query.size(2)}, at::kFloat);
}

}  // namespace at_npu::vendor
