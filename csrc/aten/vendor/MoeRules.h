#pragma once

#include <algorithm>
#include <limits>

#include "csrc/aten/vendor/Rules.h"

// Mixture of experts: T tokens, H hidden size, k experts a token.
namespace at_npu::vendor {

template <class T>
Output<T> as_type(Output<T> output, at::ScalarType dtype) {
  output.dtype = dtype;
  return output;
}

// ---- gating ----

template <class T>
void check_gating(const T& x, int64_t k, const std::optional<T>& bias, int64_t groups,
                  int64_t chosen_groups, bool has_hash) {
  constexpr char op[] = "npu_moe_gating_top_k";
  check_dim(op, "x", x, 2, 2);
  TORCH_CHECK(groups >= 1 && x.size(1) % groups == 0, op, ": group_count must divide the ",
              x.size(1), " experts, got ", groups);
  TORCH_CHECK(chosen_groups >= 1 && chosen_groups <= groups, op,
              ": k_group must be 1 to group_count ", groups, ", got ", chosen_groups);
  TORCH_CHECK(k >= 1 && k <= x.size(1) / groups * chosen_groups, op, ": k must be 1 to the ",
              x.size(1) / groups * chosen_groups, " experts of k_group groups, got ", k);
  if (is_given(bias)) check_shape(op, "bias", *bias, {x.size(1)});
  TORCH_CHECK_NOT_IMPLEMENTED(!has_hash, op,
                              ": input_ids and tid2eid are not supported. Leave them out.");
}

template <class T>
void check_gating_softmax(const T& x, const std::optional<T>& finished, int64_t k) {
  constexpr char op[] = "npu_moe_gating_top_k_softmax";
  check_dim(op, "x", x, 2, 3);
  TORCH_CHECK(k >= 1 && k <= x.size(-1), op, ": k must be 1 to the number of experts ", x.size(-1),
              ", got ", k);
  if (is_given(finished)) {
    check_shape(op, "finished", *finished,
                Ints<T>(x.sizes().begin(), x.sizes().begin() + x.dim() - 1));
  }
}

// ---- sorting by expert ----

template <class T>
void check_init_routing(const T& x, const T& experts, int64_t drop_pad_mode, int64_t count_kind,
                        int64_t quant_mode, bool has_more, at::IntArrayRef range, int64_t count) {
  constexpr char op[] = "npu_moe_init_routing_v2";
  check_dim(op, "x", x, 2, 2);
  check_dim(op, "expert_idx", experts, 2, 2);
  TORCH_CHECK(x.size(0) == experts.size(0), op, ": x ", x.sizes(), " and expert_idx ",
              experts.sizes(), " must have the same number of rows");
  TORCH_CHECK(range.empty() ? count > 0 : range.size() == 2 && 0 <= range[0] && range[0] < range[1],
              op, ": give expert_num > 0, or active_expert_range as [begin, end), got ", count,
              " and ", range);
  TORCH_CHECK_NOT_IMPLEMENTED(
      drop_pad_mode == 0 && quant_mode == -1 && (count_kind == 0 || count_kind == 1) && !has_more,
      op,
      ": supported are drop_pad_mode 0, quant_mode -1 and expert_tokens_num_type 0 and 1, "
      "without offset and x_dtype");
}

inline int64_t expert_count(at::IntArrayRef range, int64_t count) {
  return range.empty() ? count : range[1] - range[0];
}
inline std::array<int64_t, 2> all_experts(at::IntArrayRef range, int64_t count) {
  if (range.empty()) return {0, count};
  return {range[0], range[1]};
}

template <class T>
Int<T> routed_count(const T& experts, int64_t active) {
  const Int<T> all = experts.numel();
  return active > 0 && all > active ? Int<T>(active) : all;
}
template <class T>
Output<T> routed_rows(const T& x, const T& experts, int64_t active) {
  return resized(x, 0, routed_count(experts, active));
}
template <class T>
Output<T> routed_scales(const T& x, const T& experts, int64_t active) {
  return sized(x, {routed_count(experts, active)}, at::kFloat);
}

inline void check_unpadded(const char* op, bool padded) {
  TORCH_CHECK(!padded, op, ": padded_mode must be False");
}

template <class T>
void check_token_permute(const char* op, const T& tokens, const T& indices, bool padded) {
  check_unpadded(op, padded);
  check_dim(op, "tokens", tokens, 2, 2);
  check_dim(op, "indices", indices, 1, 2);
  TORCH_CHECK(indices.size(0) == tokens.size(0), op, ": indices ", indices.sizes(),
              " must have a row for each of the tokens ", tokens.sizes());
}
template <class T>
void check_token_permute_grad(const char* op, const T& tokens, const T& grad, const T& indices,
                              const T& places, bool padded) {
  check_token_permute(op, tokens, indices, padded);
  check_dim(op, "grad_permuted_tokens", grad, 2, 2);
  check_same_last(op, "grad_permuted_tokens", grad, "tokens", tokens);
  TORCH_CHECK(grad.size(0) > 0 && grad.size(0) <= indices.numel(), op,
              ": grad_permuted_tokens must have 1 to ", indices.numel(),
              " rows, the elements of indices, got shape ", grad.sizes());
  check_shape(op, "sorted_indices", places, {indices.numel()});
}
inline int64_t choices_of(const at::Tensor& indices) {
  return indices.dim() == 1 ? 1 : indices.size(1);
}

template <class T>
Output<T> permuted_tokens(const T& tokens, const T& indices, int64_t wanted) {
  const Int<T> all = indices.numel();
  if (wanted > 0) return resized(tokens, 0, all > wanted ? Int<T>(wanted) : all);
  return resized(tokens, 0, all + wanted);
}

template <class T>
void check_token_unpermute(const char* op, const T& tokens, const T& places,
                           const std::optional<T>& probs, bool padded,
                           at::OptionalIntArrayRef restore_shape) {
  check_unpadded(op, padded);
  TORCH_CHECK(!restore_shape.has_value(), op, ": restore_shape must be None");
  check_dim(op, "permuted_tokens", tokens, 2, 2);
  check_dim(op, "sorted_indices", places, 1, 1);
  TORCH_CHECK(tokens.size(0) > 0 || places.size(0) == 0, op, ": permuted_tokens ", tokens.sizes(),
              " must have the rows that sorted_indices ", places.sizes(), " tell");
  if (!is_given(probs)) return;
  check_dim(op, "probs", *probs, 2, 2);
  TORCH_CHECK(probs->numel() == places.numel(), op, ": probs ", probs->sizes(),
              " must have an element for each of sorted_indices ", places.sizes());
}

template <class T>
Output<T> unpermuted_tokens(const T& tokens, const T& places, const std::optional<T>& probs) {
  const Int<T> k = is_given(probs) ? probs->size(1) : Int<T>(1);
  return resized(tokens, 0, Int<T>(places.size(0) / k));
}

template <class T>
void check_token_unpermute_grad(const T& tokens, const T& grad, const T& places,
                                const std::optional<T>& probs, bool padded,
                                at::OptionalIntArrayRef restore_shape) {
  constexpr char op[] = "npu_moe_token_unpermute_grad";
  check_token_unpermute(op, tokens, places, probs, padded, restore_shape);
  check_shape(op, "grad_unpermuted_tokens", grad, unpermuted_tokens(tokens, places, probs).sizes);
}

template <class T>
Int<T> finalized_count(const T& rows, const std::optional<T>& scales, int64_t k) {
  return is_given(scales) ? scales->size(0) : Int<T>(rows.size(0) / k);
}
template <class T>
void check_finalize(const T& expanded, const T& rows, const std::optional<T>& skip1,
                    const std::optional<T>& skip2, const std::optional<T>& bias,
                    const std::optional<T>& scales, const std::optional<T>& experts,
                    int64_t drop_pad_mode, int64_t k) {
  constexpr char op[] = "npu_moe_finalize_routing";
  TORCH_CHECK(drop_pad_mode >= 0 && drop_pad_mode <= 3, op, ": drop_pad_mode must be 0 to 3, got ",
              drop_pad_mode);
  TORCH_CHECK(k >= 1, op, ": k must be positive, got ", k);
  const int64_t dims = drop_pad_mode % 2 == 0 ? 2 : 3;
  check_dim(op, "expanded_permuted_rows", expanded, dims, dims);
  check_dim(op, "expanded_src_to_dst_row", rows, 1, 1);
  TORCH_CHECK(expanded.numel() > 0 || rows.numel() == 0, op, ": expanded_permuted_rows ",
              expanded.sizes(), " must have the rows that expanded_src_to_dst_row tells");
  if (is_given(scales)) {
    check_dim(op, "scales", *scales, 2, 2);
    TORCH_CHECK(scales->numel() == rows.numel(), op, ": scales ", scales->sizes(),
                " must have an element for each of expanded_src_to_dst_row ", rows.sizes());
  }
  const Int<T> tokens = finalized_count(rows, scales, k), hidden = expanded.size(-1);
  check_if_given(op, "skip1", skip1, {tokens, hidden});
  check_if_given(op, "skip2", skip2, {tokens, hidden});
  const Int<T> each = is_given(scales) ? scales->size(1) : Int<T>(k);
  check_if_given(op, "export_for_source_row", experts, {tokens, each});
  if (!is_given(bias)) return;
  TORCH_CHECK(is_given(experts), op, ": bias needs export_for_source_row, the experts");
  check_dim(op, "bias", *bias, 2, 2);
  check_shape(op, "bias", *bias, {bias->size(0), hidden});
  TORCH_CHECK(bias->size(0) > 0, op, ": bias must have a row for each expert, got shape ",
              bias->sizes());
}
template <class T>
Output<T> finalized(const T& expanded, const T& rows, const std::optional<T>& scales, int64_t k) {
  return sized(expanded, {finalized_count(rows, scales, k), expanded.size(-1)});
}

// ---- products of groups ----

// A dtype that a caller names by number: torch's own.
at::ScalarType output_dtype_of(const char* op, std::optional<int64_t> dtype,
                               at::ScalarType otherwise);

// What each group has for the columns of its weight: one tensor [groups, N], or one [N] a group.
template <class List>
void check_group_columns(const char* op, const char* name, const std::optional<List>& tensors,
                         const List& weight, int64_t groups) {
  using T = std::remove_cvref_t<decltype(weight[0])>;
  if (!tensors.has_value() || tensors->empty() || (*tensors)[0].numel() == 0) return;
  if (tensors->size() == 1) {
    return check_shape(op, name, (*tensors)[0], {Int<T>(groups), weight[0].size(-1)});
  }
  TORCH_CHECK(static_cast<int64_t>(tensors->size()) == groups, op, ": ", name,
              " must be one tensor, or one for each of the ", groups, " groups, got ",
              tensors->size());
  for (size_t i = 0; i < tensors->size(); ++i) {
    const T& own = weight[weight.size() == 1 ? 0 : i];
    check_shape(op, c10::str(name, "[", i, "]").c_str(), (*tensors)[i], {own.size(-1)});
  }
}

template <class List>
void check_group_product(const char* op, const List& x, const List& weight, size_t i) {
  const auto& rows = x[x.size() == 1 ? 0 : i];
  const auto& matrix = weight[weight.size() == 1 ? 0 : i];
  TORCH_CHECK(rows.size(-1) == matrix.size(-2), op, ": x ", rows.sizes(), " and weight ",
              matrix.sizes(), " do not multiply");
  TORCH_CHECK(x.size() > 1 || matrix.size(-1) == weight[0].size(-1), op, ": each weight must have ",
              weight[0].size(-1), " columns for one result, got shape ", matrix.sizes());
}

template <class List, class T>
void check_grouped_matmul(const List& x, const List& weight, const std::optional<T>& group_list,
                          int64_t split_item, int64_t group_type, bool has_tuning) {
  constexpr char op[] = "npu_grouped_matmul";
  TORCH_CHECK(!x.empty() && !weight.empty(), op, ": x and weight must have tensors");
  TORCH_CHECK(split_item >= 0 && split_item <= 3, op, ": split_item must be 0 to 3, got ",
              split_item);
  TORCH_CHECK(group_type == -1 || group_type == 0 || group_type == 2, op,
              ": group_type must be -1 (none), 0 (rows) or 2 (columns), got ", group_type);
  TORCH_CHECK_NOT_IMPLEMENTED(!has_tuning, op, ": tuning_config is not supported. Leave it out.");
  if (x.size() > 1) {
    TORCH_CHECK_NOT_IMPLEMENTED(split_item <= 1, op, ": a list x gives a list: split_item 0 or 1");
    TORCH_CHECK(x.size() == weight.size(), op, ": x and weight are lists of ", x.size(), " and ",
                weight.size(), " tensors; there must be one weight for each x");
    for (size_t i = 0; i < x.size(); ++i) {
      check_dim(op, "each x", x[i], 2, 2);
      check_dim(op, "each weight", weight[i], 2, 2);
      check_group_product(op, x, weight, i);
    }
    return;
  }
  TORCH_CHECK(is_given(group_list) || (weight.size() == 1 && weight[0].dim() == 2), op,
              ": one tensor x needs group_list");
  check_dim(op, "x", x[0], 2, 6);
  TORCH_CHECK(split_item >= 2 || group_type == -1, op,
              ": one tensor x divided by group_list gives one result: split_item must be 2 or 3. "
              "Split the result by the sizes of the groups.");
  if (!is_given(group_list)) return;
  check_dim(op, "group_list", *group_list, 1, 1);
  check_dim(op, "x", x[0], 2, 2);
  const auto groups = group_list->size(0);
  if (group_type == 2) {
    TORCH_CHECK(weight.size() == 1, op, ": group_type 2 takes one weight [rows, columns]");
    check_dim(op, "weight", weight[0], 2, 2);
    return check_group_product(op, x, weight, 0);
  }
  const bool fits = weight.size() == 1 ? weight[0].dim() == 3 && weight[0].size(0) == groups
                                       : groups == static_cast<int64_t>(weight.size());
  TORCH_CHECK(fits, op, ": weight must be one tensor [", groups,
              " groups, K, N] or a list with one [K, N] for each group");
  for (size_t i = 0; i < weight.size(); ++i) {
    if (weight.size() > 1) check_dim(op, "each weight", weight[i], 2, 2);
    check_group_product(op, x, weight, i);
  }
}

// What is multiplied or added for the columns and tokens of groups.
template <class List, class T>
void check_group_factors(const List& x, const List& weight, const std::optional<T>& group_list,
                         std::initializer_list<std::pair<const char*, std::optional<List>>> columns,
                         const std::optional<List>& per_token_scale) {
  constexpr char op[] = "npu_grouped_matmul";
  const auto groups =
      is_given(group_list) ? as_int(group_list->size(0)) : static_cast<int64_t>(x.size());
  for (const auto& [name, tensors] : columns) {
    check_group_columns(op, name, tensors, weight, groups);
  }
  if (!per_token_scale.has_value() || per_token_scale->empty()) return;
  TORCH_CHECK(per_token_scale->size() == x.size(), op, ": per_token_scale must have ", x.size(),
              " tensors, as x, got ", per_token_scale->size());
  for (size_t i = 0; i < x.size(); ++i) {
    check_shape(op, "per_token_scale", (*per_token_scale)[i], {x[i].size(0)});
  }
}

template <class List, class T>
auto grouped_products(const List& x, const List& weight, const std::optional<T>& group_list,
                      int64_t group_type, std::optional<int64_t> output_dtype) {
  const at::ScalarType dtype =
      output_dtype_of("npu_grouped_matmul", output_dtype, x[0].scalar_type());
  std::vector<Output<T>> result;
  if (group_type == 2) {
    result.push_back(sized(x[0], {group_list->size(0), x[0].size(0), weight[0].size(-1)}, dtype));
    return result;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t own = weight.size() == x.size() ? i : 0;
    result.push_back(as_type(resized(x[i], -1, weight[own].size(-1)), dtype));
  }
  return result;
}

template <class T>
void check_grouped_matmul_add(const T& self, const T& x, const T& weight, const T& group_list,
                              bool transpose_x, bool transpose_weight, int64_t group_type,
                              int64_t list_type) {
  constexpr char op[] = "npu_grouped_matmul_add_";
  TORCH_CHECK(transpose_x && !transpose_weight && group_type == 2 && list_type == 0, op,
              ": transpose_x must be True, transpose_weight False, group_type 2 and "
              "group_list_type 0");
  check_dim(op, "x", x, 2, 2);
  check_dim(op, "weight", weight, 2, 2);
  check_dim(op, "group_list", group_list, 1, 1);
  TORCH_CHECK(x.size(0) == weight.size(0), op, ": x ", x.sizes(), " and weight ", weight.sizes(),
              " must have the same number of rows");
  TORCH_CHECK(self.numel() == group_list.size(0) * x.size(1) * weight.size(1), op,
              ": input must have shape [groups * K, N] or [groups, K, N] = [", group_list.size(0),
              ", ", x.size(1), ", ", weight.size(1), "], got ", self.sizes());
}

// ---- sampling ----

template <class T>
void check_top_k_top_p(const T& logits, const std::optional<T>& p, const std::optional<T>& k) {
  constexpr char op[] = "npu_top_k_top_p";
  check_dim(op, "logits", logits, 2, 2);
  for (const auto& [name, values] : {std::pair("p", p), std::pair("k", k)}) {
    if (is_given(values)) check_shape(op, name, *values, {logits.size(0)});
  }
}

}  // namespace at_npu::vendor
