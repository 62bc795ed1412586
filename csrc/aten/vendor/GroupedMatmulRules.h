#pragma once

#include "csrc/aten/vendor/MoeRules.h"

// Matrix products of groups of rows.
namespace at_npu::vendor {

inline bool any_given(std::initializer_list<bool> given) {
  return std::ranges::find(given, true) != given.end();
}

// ---- groups as integers ----

template <class List>
void check_grouped_list(const List& x, const List& weight, at::OptionalIntArrayRef groups,
                        int64_t split_item, int64_t group_type, bool has_more) {
  constexpr char op[] = "npu_grouped_matmul";
  TORCH_CHECK(!x.empty() && !weight.empty(), op, ": x and weight must have tensors");
  TORCH_CHECK(split_item >= 0 && split_item <= 3, op, ": split_item must be 0 to 3, got ",
              split_item);
  TORCH_CHECK_NOT_IMPLEMENTED(
      !has_more && (group_type == -1 || group_type == 0), op,
      ": with group_list as integers group_type must be -1 or 0, and per_token_scale, the "
      "arguments of activations, group_list_type and act_type are not supported. Give group_list "
      "as a tensor.");
  const size_t count = groups.has_value() ? groups->size() : x.size();
  TORCH_CHECK(x.size() == (groups.has_value() ? 1 : count), op,
              ": group_list divides one tensor x, got ", x.size(), " tensors");
  TORCH_CHECK(weight.size() == count, op, ": there must be one weight for each of the ", count,
              " groups, got ", weight.size());
  for (size_t i = 0; i < count; ++i) {
    const auto& rows = x[x.size() == 1 ? 0 : i];
    check_dim(op, "each x", rows, 2, 2);
    check_dim(op, "each weight", weight[i], 2, 2);
    TORCH_CHECK(split_item <= 1 || weight[i].size(1) == weight[0].size(1), op,
                ": each weight must have ", weight[0].size(1),
                " columns for one result, got shape ", weight[i].sizes());
    TORCH_CHECK(rows.size(-1) == weight[i].size(0), op, ": x ", rows.sizes(), " and weight ",
                weight[i].sizes(), " do not multiply");
  }
  if (!groups.has_value()) return;
  TORCH_CHECK(
      std::ranges::is_sorted(*groups) && (*groups)[0] >= 0 && x[0].size(0) >= groups->back(), op,
      ": group_list must have the ends of groups of the ", x[0].size(0), " rows of x, got ",
      *groups);
}

template <class List, class T = std::remove_cvref_t<decltype(std::declval<List>()[0])>>
auto grouped_list_products(const List& x, const List& weight, at::OptionalIntArrayRef groups,
                           int64_t split_item, std::optional<at::ScalarType> dtype) {
  const at::ScalarType type = dtype.value_or(x[0].scalar_type());
  std::vector<Output<T>> result;
  Int<T> rows = 0;
  for (size_t i = 0; i < weight.size(); ++i) {
    const Int<T> begin = groups.has_value() && i > 0 ? (*groups)[i - 1] : 0;
    const Int<T> own = groups.has_value() ? (*groups)[i] - begin : x[i].size(0);
    rows = rows + own;
    if (split_item <= 1) result.push_back(sized(x[0], {own, weight[i].size(1)}, type));
  }
  if (split_item > 1) {
    if (groups.has_value()) rows = x[0].size(0);
    result.push_back(sized(x[0], {rows, weight[0].size(1)}, type));
  }
  return result;
}

template <class List>
void check_list_factors(
    const List& x, const List& weight, at::OptionalIntArrayRef groups,
    std::initializer_list<std::pair<const char*, std::optional<List>>> columns) {
  const auto count = static_cast<int64_t>(groups.has_value() ? groups->size() : x.size());
  for (const auto& [name, tensors] : columns) {
    check_group_columns("npu_grouped_matmul", name, tensors, weight, count);
  }
}

// ---- SwiGLU and int8 ----

template <class T>
Output<T> grouped_swiglu(const T& x, const T& weight_scale) {
  return sized(x, {x.size(0), weight_scale.size(-1) / 2}, at::kChar);
}

template <class T>
void check_grouped_swiglu(const char* op, const T& x, const T& weight, const T& weight_scale,
                          const T& x_scale, const T& group_list, bool has_more) {
  check_dim(op, "x", x, 2, 2);
  check_dim(op, "weight", weight, 3, 3);
  TORCH_CHECK(x.size(1) == weight.size(1), op, ": x ", x.sizes(), " and weight ", weight.sizes(),
              " do not multiply");
  check_halves(op, weight, -1);
  check_shape(op, "weight_scale", weight_scale, {weight.size(0), weight.size(2)});
  check_shape(op, "x_scale", x_scale, {x.size(0)});
  check_shape(op, "group_list", group_list, {weight.size(0)});
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more, op,
                              ": smooth_scale, weight_assist_matrix, bias, offset and modes other "
                              "than 0 are not supported. Leave them out.");
}

template <class List, class T>
void check_grouped_swiglu_v2(const T& x, const List& weight, const List& weight_scale,
                             const T& x_scale, const T& group_list, int64_t list_type,
                             bool has_more, int64_t dequant_dtype, int64_t quant_dtype) {
  constexpr char op[] = "npu_grouped_matmul_swiglu_quant_v2";
  TORCH_CHECK(weight.size() == 1 && weight_scale.size() == 1, op,
              ": weight and weight_scale must be lists of one tensor, got ", weight.size(), " and ",
              weight_scale.size());
  TORCH_CHECK(list_type == 0 || list_type == 1, op, ": group_list_type must be 0 or 1, got ",
              list_type);
  // 0 is what Ascend's own enumerations call them.
  const auto is = [](int64_t number, at::ScalarType type) {
    return number == 0 || number == static_cast<int64_t>(type);
  };
  TORCH_CHECK_NOT_IMPLEMENTED(is(dequant_dtype, at::kFloat) && is(quant_dtype, at::kChar), op,
                              ": dequant_dtype must be torch.float32 and quant_dtype torch.int8");
  check_grouped_swiglu(op, x, weight[0], weight_scale[0], x_scale, group_list, has_more);
}

}  // namespace at_npu::vendor
