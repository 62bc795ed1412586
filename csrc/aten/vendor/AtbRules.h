#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/SmallVector.h>

#include <limits>

#include "csrc/aten/vendor/AttentionRules.h"

// Operators of Ascend Transformer Boost: T tokens, N heads, D depth.
namespace at_npu::vendor {

inline constexpr int64_t kAllTokens = std::numeric_limits<int32_t>::max();

// The values of a small tensor of integers. Waits for the device if they are there.
c10::SmallVector<int64_t, 5> host_lengths(const char* op, const at::Tensor& lengths);

// All rows of x as the only group of a grouped product.
at::Tensor one_group(const at::Tensor& x);

template <class T>
void check_heads(const char* op, const char* name, const T& tensor, int64_t head_dim,
                 int64_t heads) {
  TORCH_CHECK(tensor.size(head_dim) == heads, op, ": ", name, " must have ", heads,
              " heads in dimension ", head_dim, ", got shape ", tensor.sizes());
}

template <class T>
void check_depth(const char* op, const char* name, const T& tensor, const T& query) {
  TORCH_CHECK(tensor.size(-1) == query.size(-1), op, ": ", name, " must have the depth of query, ",
              query.size(-1), ", got shape ", tensor.sizes());
}

template <class T>
void check_head_counts(const char* op, int64_t heads, int64_t key_heads) {
  TORCH_CHECK(heads > 0 && key_heads >= 0 && (key_heads == 0 || heads % key_heads == 0), op,
              ": num_heads, ", heads, ", must be positive and a multiple of num_kv_heads, ",
              key_heads);
}

template <class T>
void check_attention_result(const char* op, const T& query, const T& value, const T& out) {
  check_shape(op, "out", out, resized(query, -1, value.size(-1)).sizes);
  check_same_dtype(op, "out", out, "query", query);
}

// `lengths` and `query_lengths`: keys and new tokens of each sequence.
template <class T>
void check_paged_attention(const char* op, const T& query, const T& key_cache, const T& value_cache,
                           int64_t key_heads, int64_t heads, const T& block_table, const T& lengths,
                           const T& query_lengths, const T& out) {
  check_head_counts<T>(op, heads, key_heads);
  check_dim(op, "query", query, 3, 3);
  check_heads(op, "query", query, 1, heads);
  for (const auto& [name, cache] :
       {std::pair("key_cache", key_cache), std::pair("value_cache", value_cache)}) {
    check_dim(op, name, cache, 4, 4);
    check_heads(op, name, cache, 2, key_heads == 0 ? heads : key_heads);
    check_same_dtype(op, name, cache, "query", query);
  }
  check_depth(op, "key_cache", key_cache, query);
  TORCH_CHECK(key_cache.size(0) == value_cache.size(0) && key_cache.size(1) == value_cache.size(1),
              op, ": value_cache ", value_cache.sizes(), " must have the blocks of key_cache ",
              key_cache.sizes());
  check_dim(op, "block_table", block_table, 2, 2);
  check_shape(op, "context_lens", lengths, {block_table.size(0)});
  check_shape(op, "seq_len", query_lengths, {block_table.size(0)});
  check_attention_result(op, query, value_cache, out);
}

template <class T>
void check_one_token_each(const char* op, const T& query, const T& block_table) {
  TORCH_CHECK(query.size(0) == block_table.size(0), op, ": block_table ", block_table.sizes(),
              " must have a row for each of the ", query.size(0), " tokens of query");
}

template <class T>
void check_splitfuse_mask(const T& query, const T& mask) {
  constexpr char op[] = "_npu_paged_attention_splitfuse";
  check_dim(op, "mask", mask, 2, 2);
  TORCH_CHECK(mask.size(0) == query.size(0), op, ": mask must have a row for each of the ",
              query.size(0), " tokens, got shape ", mask.sizes());
}

template <class T>
void check_unpadded_attention(const char* op, const T& query, const T& key, const T& value,
                              const T& lengths, int64_t heads, int64_t key_heads, const T& out) {
  check_head_counts<T>(op, heads, key_heads);
  check_dim(op, "query", query, 3, 3);
  check_heads(op, "query", query, 1, heads);
  for (const auto& [name, tensor] : {std::pair("key", key), std::pair("value", value)}) {
    check_dim(op, name, tensor, 3, 3);
    check_heads(op, name, tensor, 1, key_heads == 0 ? heads : key_heads);
    check_same_dtype(op, name, tensor, "query", query);
  }
  check_depth(op, "key", key, query);
  check_same_but_last(op, "value", value, "key", key);
  check_dim(op, "seq_len", lengths, 1, 1);
  check_attention_result(op, query, value, out);
}

template <class T>
void check_prompt_mask(const T& mask, const T& lengths) {
  constexpr char op[] = "_npu_flash_attention";
  check_dim(op, "mask", mask, 2, 3);
  TORCH_CHECK(mask.dim() == 2 || mask.size(0) == 1 || mask.size(0) == lengths.size(0), op,
              ": a mask of 3 dimensions must have one matrix for each of the ", lengths.size(0),
              " sequences, got shape ", mask.sizes());
}

template <class T>
void check_rotary_embedding(const T& positions, const T& query, const T& key, int64_t head_size,
                            const T& cache) {
  constexpr char op[] = "_npu_rotary_embedding";
  TORCH_CHECK(head_size > 0, op, ": head_size must be positive, got ", head_size);
  for (const auto& [name, tensor] : {std::pair("query", query), std::pair("key", key)}) {
    check_dim(op, name, tensor, 2, 3);
    TORCH_CHECK(
        tensor.size(0) == positions.numel() &&
            (tensor.dim() == 2 ? tensor.size(1) % head_size == 0 : tensor.size(2) == head_size),
        op, ": ", name, " must have shape [", positions.numel(), " tokens, heads * ", head_size,
        "], got ", tensor.sizes());
  }
  check_dim(op, "cos_sin_cache", cache, 2, 2);
  TORCH_CHECK(cache.size(1) <= head_size && cache.size(1) % 2 == 0, op,
              ": cos_sin_cache must have shape [positions, even size <= head_size ", head_size,
              "], got ", cache.sizes());
}

template <class T>
void check_group_topk(const T& self, int64_t k, int64_t groups, int64_t n) {
  constexpr char op[] = "_npu_group_topk";
  check_dim(op, "self", self, 2, 2);
  TORCH_CHECK(groups >= 1 && self.size(1) % groups == 0, op, ": group_num must divide the ",
              self.size(1), " experts, got ", groups);
  TORCH_CHECK(k >= 0 && k <= groups, op, ": k must be 0 to group_num ", groups, ", got ", k);
  TORCH_CHECK(n >= 1 && n <= self.size(1) / groups, op, ": n must be 1 to the ",
              self.size(1) / groups, " experts of a group, got ", n);
}

template <class T>
void check_matmul_add(const T& x, const T& weight, const T& sum) {
  constexpr char op[] = "_npu_matmul_add_fp32";
  check_dim(op, "x", x, 2, 2);
  check_dim(op, "weight", weight, 2, 2);
  TORCH_CHECK(x.size(0) == weight.size(0), op, ": x ", x.sizes(), " and weight ", weight.sizes(),
              " must have the same number of rows");
  check_shape(op, "C", sum, {x.size(1), weight.size(1)});
}

}  // namespace at_npu::vendor
