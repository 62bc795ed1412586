#pragma once

#include "csrc/aten/vendor/MoeRules.h"

namespace at_npu::vendor {

// Arguments that name dtypes PyTorch lacks.
void check_no_dtypes(const char* op, std::initializer_list<std::optional<int64_t>> dtypes);
// torch.qint8, quint8 and qint32 mean the integers that they are made of.
at::ScalarType quantized_dtype(const char* op, int64_t dtype);

// aclDataType as the plain number that a few functions take.
int64_t acl_number(at::ScalarType dtype);

template <class T>
Output<T> without_last(const T& tensor, at::ScalarType dtype) {
  Output<T> result = same(tensor, dtype);
  result.sizes.pop_back();
  return result;
}

// One element, or one for each entry of the dimension.
template <class T>
void check_along(const char* op, const char* name, const T& values, const T& tensor, int64_t dim) {
  TORCH_CHECK(values.numel() == 1 || values.numel() == tensor.size(dim), op, ": ", name,
              " must have 1 element or ", tensor.size(dim), ", one for each of dimension ", dim,
              " of ", tensor.sizes(), ", got shape ", values.sizes());
}

template <class T>
void check_quantize(const T& self, const T& scales, const std::optional<T>& zero_points,
                    int64_t axis) {
  constexpr char op[] = "npu_quantize";
  check_dim(op, "input", self, 1, 8);
  // One scale fits any axis.
  if (scales.numel() == 1) return;
  axis = at::maybe_wrap_dim(axis, self.dim());
  check_along(op, "scales", scales, self, axis);
  if (is_given(zero_points)) check_along(op, "zero_points", *zero_points, self, axis);
}

template <class T>
void check_dynamic_quant(const T& input, const std::optional<T>& smooth_scales, bool has_groups,
                         std::optional<int64_t> dst_type, std::string_view mode, double limit) {
  constexpr char op[] = "npu_dynamic_quant";
  check_dim(op, "input", input, 2, 8);
  if (is_given(smooth_scales)) check_shape(op, "smooth_scales", *smooth_scales, {input.size(-1)});
  const auto int8 = static_cast<int64_t>(at::kChar);
  TORCH_CHECK_NOT_IMPLEMENTED(
      !has_groups && dst_type.value_or(int8) == int8 && mode == "pertoken" && limit == 0, op,
      ": supported are dst_type torch.int8 and quant_mode 'pertoken', without group_index and "
      "dst_type_max");
}

template <class T>
Output<T> block_scales(const T& x, int64_t columns) {
  return as_type(resized(x, -1, (x.size(-1) + columns - 1) / columns), at::kFloat);
}

template <class T>
void check_block_quant(const T& x, double min_scale, std::string_view round_mode, int64_t dst_type,
                       int64_t rows, int64_t columns, double dst_type_max) {
  constexpr char op[] = "npu_dynamic_block_quant";
  check_dim(op, "x", x, 2, 3);
  TORCH_CHECK(min_scale >= 0, op, ": min_scale must not be negative, got ", min_scale);
  TORCH_CHECK_NOT_IMPLEMENTED(round_mode == "rint" && dst_type == static_cast<int64_t>(at::kChar) &&
                                  rows == 1 && columns == 128 && dst_type_max == 0,
                              op,
                              ": Atlas A2 takes round_mode 'rint', dst_type torch.int8, "
                              "row_block_size 1, col_block_size 128 and dst_type_max 0 only");
}

template <class T>
void check_kronecker(const T& x, const T& p1, const T& p2, double clip,
                     std::optional<int64_t> dst_dtype, double dst_type_max) {
  constexpr char op[] = "npu_kronecker_quant";
  check_dim(op, "x", x, 3, 3);
  check_shape(op, "kronecker_p1", p1, {x.size(1), x.size(1)});
  check_shape(op, "kronecker_p2", p2, {x.size(2), x.size(2)});
  TORCH_CHECK(x.size(2) % 8 == 0, op, ": the last dimension of x ", x.sizes(),
              " must be a multiple of 8");
  TORCH_CHECK(clip > 0 && clip <= 1, op, ": clip_ratio must be in (0, 1], got ", clip);
  const auto words = static_cast<int64_t>(at::kInt);
  TORCH_CHECK_NOT_IMPLEMENTED(dst_dtype.value_or(words) == words && dst_type_max == 0, op,
                              ": Atlas A2 gives int4 in words of torch.int32 only: leave dst_dtype "
                              "and dst_type_max out");
}

template <class T>
void check_product(const char* op, const T& x, const T& weight) {
  check_dim(op, "the first matrix", x, 2, 6);
  check_dim(op, "the second matrix", weight, 2, 6);
  TORCH_CHECK(x.size(-1) == weight.size(-2), op, ": matrices ", x.sizes(), " and ", weight.sizes(),
              " do not multiply");
}

template <class T>
void check_quant_matmul(const T& x1, const T& x2, const T& scale,
                        const std::optional<T>& pertoken_scale, const std::optional<T>& bias,
                        bool has_more) {
  constexpr char op[] = "npu_quant_matmul";
  check_product(op, x1, x2);
  check_dim(op, "scale", scale, 1, 1);
  check_along(op, "scale", scale, x2, -1);
  if (is_given(pertoken_scale)) {
    check_shape(op, "pertoken_scale", *pertoken_scale, {x1.size(-2)});
  }
  if (is_given(bias)) check_along(op, "bias", *bias, x2, -1);
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more, op, ": y_scale and group_sizes are not supported");
}

template <class T>
Output<T> product_of(const T& x, const T& weight, at::ScalarType dtype) {
  return as_type(resized(x, -1, weight.size(-1)), dtype);
}

// Results in int8 and float16 without a scale for each token take the scale as a word.
at::Tensor hardware_scale(const at::Tensor& scale, const std::optional<at::Tensor>& offset,
                          const std::optional<at::Tensor>& pertoken_scale, const at::Tensor& out);

template <class T>
void check_trans_quant(const T& scale, const std::optional<T>& offset,
                       std::optional<int64_t> round_mode) {
  constexpr char op[] = "npu_trans_quant_param";
  check_dim(op, "scale", scale, 1, 2);
  TORCH_CHECK_NOT_IMPLEMENTED(!is_given(offset) && round_mode.value_or(0) == 0, op,
                              ": offset and round_mode are not supported");
}

template <class T>
void check_weight_quant(const T& x, const T& weight, const T& scale, const std::optional<T>& offset,
                        const std::optional<T>& bias, int64_t group_size, bool has_more) {
  constexpr char op[] = "npu_weight_quant_batchmatmul";
  check_dim(op, "weight", weight, 2, 2);
  check_product(op, x, weight);
  check_if_given(op, "bias", bias, {weight.size(1)});
  TORCH_CHECK(group_size == 0 || (group_size > 0 && weight.size(0) % group_size == 0), op,
              ": antiquant_group_size must divide the ", weight.size(0), " rows of weight, got ",
              group_size);
  if (group_size > 0) {
    check_shape(op, "antiquant_scale", scale, {weight.size(0) / group_size, weight.size(1)});
  } else {
    check_along(op, "antiquant_scale", scale, weight, -1);
  }
  if (is_given(offset)) check_same_shape(op, "antiquant_offset", *offset, "antiquant_scale", scale);
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more, op,
                              ": quant_scale, quant_offset and inner_precise are not supported");
}

// An int32 holds eight int4 numbers.
template <class T>
Output<T> anti_quantized(const T& x, at::ScalarType dtype) {
  const Int<T> last = x.size(-1) * (x.scalar_type() == at::kInt ? 8 : 1);
  return as_type(resized(x, -1, last), dtype);
}

template <class T>
void check_anti_quant(const T& x, const T& scale, const std::optional<T>& offset) {
  constexpr char op[] = "npu_anti_quant";
  const Int<T> last = anti_quantized(x, at::kHalf).sizes.back();
  TORCH_CHECK(scale.numel() == 1 || scale.numel() == last, op, ": scale must have 1 element or ",
              last, ", one for each of the last dimension, got shape ", scale.sizes());
  if (is_given(offset)) check_alike(op, "offset", *offset, "scale", scale);
}

template <class T>
void check_int4pack(const T& weight, int64_t inner_k_tiles) {
  constexpr char op[] = "npu_convert_weight_to_int4pack";
  check_dim(op, "weight", weight, 2, 3);
  TORCH_CHECK(weight.size(-1) % 8 == 0, op, ": the last dimension of weight ", weight.sizes(),
              " must be a multiple of 8");
  TORCH_CHECK(inner_k_tiles == 0, op, ": inner_k_tiles must be 0, got ", inner_k_tiles);
}

inline constexpr int64_t kInOrder[] = {0, 1, 2};
inline constexpr int64_t kBatchSecond[] = {1, 0, 2};
inline at::IntArrayRef perm_or(at::OptionalIntArrayRef perm, at::IntArrayRef otherwise) {
  return perm.has_value() && !perm->empty() ? *perm : otherwise;
}
void check_perms(at::IntArrayRef perm_x1, at::IntArrayRef perm_x2, at::IntArrayRef perm_y);

template <class T>
void check_transpose_matmul(const T& input, const T& weight, bool has_more,
                            at::OptionalIntArrayRef perm_x1, at::OptionalIntArrayRef perm_x2,
                            at::OptionalIntArrayRef perm_y, int64_t split) {
  constexpr char op[] = "npu_transpose_batchmatmul";
  check_dim(op, "input", input, 3, 3);
  check_dim(op, "weight", weight, 3, 3);
  const at::IntArrayRef p1 = perm_or(perm_x1, kInOrder), p2 = perm_or(perm_x2, kInOrder);
  check_perms(p1, p2, perm_or(perm_y, kBatchSecond));
  TORCH_CHECK(input.size(p1[0]) == weight.size(p2[0]) && input.size(p1[2]) == weight.size(p2[1]),
              op, ": input ", input.sizes(), " permuted by ", p1, " and weight ", weight.sizes(),
              " permuted by ", p2, " do not multiply");
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more && split == 1, op,
                              ": bias, scale and batch_split_factor are not supported");
}

template <class T>
Output<T> transposed_product(const T& input, const T& weight, at::OptionalIntArrayRef perm_x1,
                             at::OptionalIntArrayRef perm_x2) {
  const at::IntArrayRef p1 = perm_or(perm_x1, kInOrder), p2 = perm_or(perm_x2, kInOrder);
  return sized(input, {input.size(p1[1]), input.size(p1[0]), weight.size(p2[2])});
}

}  // namespace at_npu::vendor
