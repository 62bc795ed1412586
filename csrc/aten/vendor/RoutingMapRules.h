#pragma once

#include "csrc/aten/vendor/MoeRules.h"

// Tokens sorted after a map [T tokens, E experts] of who goes where.
namespace at_npu::vendor {

// What goes along with `condition`: an output or an input of the kernel.
inline std::optional<at::Tensor> only_with(const std::optional<at::Tensor>& condition,
                                           const std::optional<at::Tensor>& value) {
  return is_given(condition) ? value : std::nullopt;
}
inline std::optional<at::Tensor> if_any(const at::Tensor& tensor) {
  return tensor.numel() == 0 ? std::nullopt : std::optional(tensor);
}

template <class T>
void check_map(const char* op, const T& map, const std::optional<T>& probs) {
  check_dim(op, "routing_map", map, 2, 2);
  if (is_given(probs)) check_same_shape(op, "probs", *probs, "routing_map", map);
}

// Rows that num_out_tokens gives: as many for each token, or with `padded` for each expert.
template <class T>
Int<T> mapped_count(const T& map, std::optional<int64_t> wanted, bool padded) {
  const Int<T> each = map.size(padded ? 1 : 0);
  if (each == 0) return 0;
  const Int<T> count = wanted.has_value() ? Int<T>(*wanted) : map.size(0);
  return count / each * each;
}

template <class T>
void check_map_permute(const T& tokens, const T& map, const std::optional<T>& probs,
                       std::optional<int64_t> wanted) {
  constexpr char op[] = "npu_moe_token_permute_with_routing_map";
  check_dim(op, "tokens", tokens, 2, 2);
  check_map(op, map, probs);
  TORCH_CHECK(tokens.size(0) == map.size(0), op, ": routing_map ", map.sizes(),
              " must have a row for each of the tokens ", tokens.sizes());
  const int64_t count = wanted.value_or(0);
  TORCH_CHECK(count >= 0 && map.numel() >= count, op, ": num_out_tokens must be 0 to the ",
              map.numel(), " elements of routing_map, got ", count);
}

template <class T>
Output<T> mapped_probs(const T& tokens, const T& map, const std::optional<T>& probs,
                       std::optional<int64_t> wanted, bool padded) {
  if (!is_given(probs)) return sized(tokens, {0});
  return sized(*probs, {mapped_count(map, wanted, padded)});
}

// As many rows for each token, or with `padded` for each expert.
template <class T>
void check_row_count(const char* op, const char* name, const T& rows, const Int<T>& tokens,
                     const Int<T>& experts, bool padded) {
  const Int<T> each = padded ? experts : tokens;
  TORCH_CHECK(rows.size(0) == 0 || (each > 0 && rows.size(0) % each == 0), op, ": ", name, " ",
              rows.sizes(), " must have a multiple of ", each, " rows, the ",
              padded ? "experts" : "tokens", " of routing_map");
}

template <class T>
void check_map_permute_grad(const char* op, const T& grad, const std::optional<T>& probs_grad,
                            const T& places, const T& map, const Int<T>& tokens,
                            const Int<T>& experts, bool padded) {
  check_dim(op, "the gradient", grad, 2, 2);
  check_shape(op, "routing_map", map, {tokens, experts});
  check_shape(op, "sorted_indices", places, {grad.size(0)});
  check_row_count(op, "the gradient", grad, tokens, experts, padded);
  if (is_given(probs_grad) && probs_grad->numel() != 0) {
    check_shape(op, "the gradient of probs", *probs_grad, {grad.size(0)});
  }
}

template <class T>
Output<T> mapped_gradient(const std::optional<T>& grad, const T& like, int64_t tokens,
                          int64_t experts) {
  if (!is_given(grad)) return sized(like, {0});
  return sized(*grad, {tokens, experts});
}
template <class T>
Output<T> mapped_gradient(const T& grad, const T& map) {
  if (grad.numel() == 0) return sized(grad, {0});
  return same(map, grad.scalar_type());
}

template <class T>
void check_map_unpermute(const T& tokens, const T& places, at::IntArrayRef restore_shape,
                         const std::optional<T>& probs, const std::optional<T>& map, bool padded) {
  constexpr char op[] = "npu_moe_token_unpermute_with_routing_map";
  check_dim(op, "permuted_tokens", tokens, 2, 2);
  check_shape(op, "sorted_indices", places, {tokens.size(0)});
  TORCH_CHECK(
      restore_shape.size() == 2 && restore_shape[0] > 0 && tokens.size(1) == restore_shape[1], op,
      ": restore_shape must be [tokens, ", tokens.size(1), "], got ", restore_shape);
  if (!padded) check_row_count<T>(op, "permuted_tokens", tokens, restore_shape[0], 0, false);
  if (!is_given(probs)) return;
  TORCH_CHECK(is_given(map), op, ": with probs routing_map must be given, too");
  check_map(op, *map, probs);
  check_shape(op, "routing_map", *map, {Int<T>(restore_shape[0]), map->size(1)});
  check_row_count<T>(op, "permuted_tokens", tokens, restore_shape[0], map->size(1), padded);
}

template <class T>
Output<T> unmapped_probs(const T& places, const std::optional<T>& probs) {
  if (!is_given(probs)) return sized(places, {0}, at::kFloat);
  return same(places, probs->scalar_type());
}

template <class T>
void check_map_unpermute_grad(const char* op, const T& grad, const T& places, const T& tokens_of,
                              const std::optional<T>& map, const std::optional<T>& tokens,
                              const std::optional<T>& probs, bool padded,
                              at::IntArrayRef restore_shape) {
  TORCH_CHECK(restore_shape.size() == 2, op, ": restore_shape must be [tokens, hidden size], got ",
              restore_shape);
  check_shape(op, "the gradient", grad, {Int<T>(restore_shape[0]), Int<T>(restore_shape[1])});
  check_dim(op, "the indices", places, 1, 1);
  check_same_shape(op, "permuted_token_id", tokens_of, "the indices", places);
  if (!padded) check_row_count<T>(op, "the indices", places, grad.size(0), 0, false);
  if (!is_given(probs)) return;
  TORCH_CHECK(is_given(map) && is_given(tokens), op,
              ": with probs routing_map and permuted_tokens must be given, too");
  check_map(op, *map, probs);
  check_shape(op, "routing_map", *map, {grad.size(0), map->size(1)});
  check_row_count<T>(op, "the indices", places, grad.size(0), map->size(1), padded);
  check_shape(op, "permuted_tokens", *tokens, {places.numel(), grad.size(1)});
}

}  // namespace at_npu::vendor
