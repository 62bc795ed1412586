#pragma once

#include "csrc/aten/vendor/Rules.h"

// Caches of keys and values, in blocks.
namespace at_npu::vendor {

inline constexpr int64_t kUnitStrides[] = {1, 1};
inline constexpr int64_t kNoOffsets[] = {0, 0};

// A cache for `tokens` [T, N, D]: [blocks, block size, N, D], or in format NZ
// [blocks, N * D / n, block size, n].
template <class T>
void check_cache(const char* op, const char* name, const T& cache, const char* tokens_name,
                 const T& tokens, bool is_nz) {
  check_same_dtype(op, name, cache, tokens_name, tokens);
  check_dim(op, tokens_name, tokens, 3, 3);
  check_dim(op, name, cache, 4, 4);
  if (!is_nz) {
    check_shape(op, name, cache, {cache.size(0), cache.size(1), tokens.size(1), tokens.size(2)});
    return;
  }
  TORCH_CHECK(cache.size(1) * cache.size(3) == tokens.size(1) * tokens.size(2), op, ": ", name,
              " must have shape [blocks, N * D / n, block size, n] for the ", tokens.size(1), " * ",
              tokens.size(2), " numbers of a token of ", tokens_name, ", got ", cache.sizes());
}

template <class T>
void check_scatter_cache(const char* op, const T& key, const T& value, const T& key_cache,
                         const T& value_cache, const T& slot_mapping, std::string_view mode) {
  check_one_of(op, "cache_mode", mode, {"Norm", "PA_NZ"});
  check_cache(op, "key_cache", key_cache, "key", key, mode == "PA_NZ");
  check_cache(op, "value_cache", value_cache, "value", value, mode == "PA_NZ");
  TORCH_CHECK(slot_mapping.numel() == key.size(0) && key.size(0) == value.size(0), op,
              ": slot_mapping must have one slot for each of the tokens of key ", key.sizes(),
              " and value ", value.sizes(), ", got ", slot_mapping.sizes());
}

template <class T>
void check_scatter_one_cache(const T& key, const T& cache, const T& slot_mapping) {
  constexpr char op[] = "npu_scatter_pa_cache";
  check_cache(op, "key_cache", cache, "key", key, false);
  check_shape(op, "slot_mapping", slot_mapping, {key.size(0)});
}

template <class T>
void check_scatter_nd(const char* op, const T& self, const T& indices, const T& updates) {
  TORCH_CHECK(indices.dim() >= 1 && indices.size(-1) >= 1 && indices.size(-1) <= self.dim(), op,
              ": the last dimension of indices ", indices.sizes(), " must be 1 to the ", self.dim(),
              " dimensions of self");
  Ints<T> sizes(indices.sizes().begin(), indices.sizes().end() - 1);
  const auto whole = as_int(indices.size(-1));
  sizes.append(self.sizes().begin() + whole, self.sizes().end());
  check_shape(op, "updates", updates, sizes);
  check_same_dtype(op, "updates", updates, "self", self);
}

template <class T>
void check_gather_cache(const T& key_cache, const T& value_cache, const T& block_tables,
                        const T& seq_lens, const T& key, const T& value, bool is_cumulative) {
  constexpr char op[] = "npu_gather_pa_kv_cache";
  check_cache(op, "key_cache", key_cache, "key", key, false);
  check_cache(op, "value_cache", value_cache, "value", value, false);
  TORCH_CHECK(key.size(0) == value.size(0), op, ": key ", key.sizes(), " and value ", value.sizes(),
              " must have the same number of tokens");
  check_dim(op, "block_tables", block_tables, 2, 2);
  check_shape(op, "seq_lens", seq_lens, {block_tables.size(0) + (is_cumulative ? 1 : 0)});
}

}  // namespace at_npu::vendor
