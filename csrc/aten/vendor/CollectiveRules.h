#pragma once

#include "csrc/aten/vendor/QuantizationRules.h"

// Matrix products with a collective, and tokens that go to their experts' ranks.
namespace at_npu::vendor {

// ---- matrix products ----

inline void check_sum(const char* op, std::string_view reduce_op) {
  TORCH_CHECK(reduce_op == "sum", op, ": reduce_op is '", reduce_op, "'; it must be 'sum'");
}

template <class T>
at::ScalarType all_reduced_dtype(const T& x1, const std::optional<T>& scale) {
  if (!is_given(scale)) return x1.scalar_type();
  return scale->scalar_type() == at::kBFloat16 ? at::kBFloat16 : at::kHalf;
}

template <class T>
void check_scaled(const char* op, const T& x1, const T& x2, const std::optional<T>& bias,
                  const std::optional<T>& scale) {
  check_dim(op, "x2", x2, 2, 2);
  check_product(op, x1, x2);
  check_same_dtype(op, "x2", x2, "the first matrix", x1);
  TORCH_CHECK((x1.scalar_type() == at::kChar) == is_given(scale), op,
              ": int8 matrices need a scale for the columns of x2, and others take none");
  if (is_given(scale)) check_along(op, "the scale of x2", *scale, x2, -1);
  if (is_given(bias)) check_shape(op, "bias", *bias, {x2.size(1)});
}

template <class T>
void check_mm_all_reduce(const T& x1, const T& x2, std::string_view reduce_op,
                         const std::optional<T>& bias, const std::optional<T>& x3,
                         const std::optional<T>& scale, bool has_more) {
  constexpr char op[] = "npu_mm_all_reduce_base";
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more, op,
                              ": antiquant_scale, antiquant_offset, comm_quant_scale_1 and _2, "
                              "group_sizes and comm_quant_mode are not supported. Leave them out.");
  check_sum(op, reduce_op);
  check_dim(op, "x1", x1, 2, 3);
  check_scaled(op, x1, x2, bias, scale);
  if (is_given(x3)) check_shape(op, "x3", *x3, resized(x1, -1, x2.size(1)).sizes);
}

template <class T>
void check_row_scale(const char* op, const T& x1, const std::optional<T>& x1_scale) {
  if (!is_given(x1_scale)) return;
  TORCH_CHECK(x1_scale->numel() == x1.size(0), op, ": x1_scale must have one element for each of ",
              x1.size(0), " rows, got shape ", x1_scale->sizes());
}

inline std::optional<at::ScalarType> scalar_type_of(std::optional<int64_t> number) {
  if (!number.has_value()) return std::nullopt;
  return output_dtype_of("y_dtype", number, at::kHalf);
}

template <class T>
void check_collective(const char* op, const T& x1, const T& x2, int64_t ranks,
                      const std::optional<T>& bias, const std::optional<T>& x1_scale,
                      const std::optional<T>& x2_scale, std::optional<at::ScalarType> dtype) {
  check_dim(op, "input", x1, 2, 2);
  check_scaled(op, x1, x2, bias, x2_scale);
  check_row_scale(op, x1, x1_scale);
  TORCH_CHECK(ranks > 0, op, ": world_size must be positive, got ", ranks);
  const at::ScalarType type = dtype.value_or(at::kHalf);
  TORCH_CHECK_NOT_IMPLEMENTED(type == at::kHalf || type == at::kBFloat16, op,
                              ": the result must be torch.float16 or bfloat16, not ", type);
}

template <class T>
void check_gather_mm(const char* op, const T& x1, const T& x2, int64_t ranks, int64_t gather_index,
                     const std::optional<T>& bias, const std::optional<T>& x1_scale,
                     const std::optional<T>& x2_scale, std::optional<at::ScalarType> dtype) {
  check_collective(op, x1, x2, ranks, bias, x1_scale, x2_scale, dtype);
  TORCH_CHECK(gather_index == 0, op, ": gather_index must be 0, got ", gather_index);
}

template <class T>
void check_mm_scatter(const char* op, const T& x1, const T& x2, int64_t ranks,
                      std::string_view reduce_op, const std::optional<T>& bias,
                      const std::optional<T>& x1_scale, const std::optional<T>& x2_scale,
                      std::optional<at::ScalarType> dtype) {
  check_sum(op, reduce_op);
  check_collective(op, x1, x2, ranks, bias, x1_scale, x2_scale, dtype);
  TORCH_CHECK(x1.size(0) % ranks == 0, op, ": the ", x1.size(0),
              " rows of input must be a multiple of world_size ", ranks);
}

inline void check_quant_collective(const char* op, bool has_more) {
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more, op,
                              ": quant_scale, block_size, group_sizes and amax_output are not "
                              "there on Atlas A2. Leave them out.");
}

template <class T>
Output<T> scaled_product(const T& x1, const T& x2, const std::optional<T>& scale,
                         std::optional<at::ScalarType> dtype, Int<T> rows) {
  at::ScalarType type = x1.scalar_type();
  if (is_given(scale)) {
    type = scale->scalar_type() == at::kLong ? at::kHalf : dtype.value_or(at::kBFloat16);
  }
  return sized(x1, {rows, x2.size(1)}, type);
}

template <class T>
Output<T> gathered_rows(const T& x1, int64_t ranks, bool wanted) {
  return wanted ? resized(x1, 0, x1.size(0) * ranks) : sized(x1, {0});
}

// ---- experts ----

template <class T>
Int<T> global_tokens(const T& x, int64_t ranks, int64_t global_bs) {
  return global_bs == 0 ? Int<T>(x.size(0) * ranks) : Int<T>(global_bs);
}

template <class T>
void check_experts(const char* op, const T& ids, int64_t ranks, int64_t experts,
                   const std::optional<T>& mask, int64_t tp_ranks, int64_t shared_ranks) {
  check_dim(op, "expert_ids", ids, 2, 2);
  TORCH_CHECK(ranks > 0 && experts > 0 && experts % ranks == 0, op, ": moe_expert_num ", experts,
              " must be a multiple of ep_world_size ", ranks);
  TORCH_CHECK_NOT_IMPLEMENTED(tp_ranks <= 1 && shared_ranks == 0, op,
                              ": group_tp and shared experts are not there on Atlas A2");
  if (!is_given(mask)) return;
  if (mask->dim() == 2) return check_same_shape(op, "x_active_mask", *mask, "expert_ids", ids);
  check_shape(op, "x_active_mask", *mask, {ids.size(0)});
}

template <class T>
void check_dispatch(const char* op, const T& x, const T& ids, int64_t ranks, int64_t experts,
                    const std::optional<T>& scales, const std::optional<T>& mask,
                    const std::optional<T>& expert_scales, int64_t tp_ranks, int64_t shared_ranks,
                    int64_t quant_mode, int64_t global_bs, int64_t counts_type, bool has_more) {
  check_dim(op, "x", x, 2, 2);
  check_experts(op, ids, ranks, experts, mask, tp_ranks, shared_ranks);
  TORCH_CHECK(x.size(0) == ids.size(0), op, ": expert_ids ", ids.sizes(),
              " must have a row for each of the tokens ", x.sizes());
  TORCH_CHECK(quant_mode == 0 || quant_mode == 2, op, ": quant_mode must be 0 or 2, got ",
              quant_mode);
  TORCH_CHECK(counts_type == 0 || counts_type == 1, op,
              ": expert_token_nums_type must be 0 or 1, got ", counts_type);
  TORCH_CHECK(global_bs == 0 || (global_bs % ranks == 0 && x.size(0) * ranks <= global_bs), op,
              ": global_bs must be 0 or ep_world_size times the most tokens of a rank, at least ",
              x.size(0) * ranks, ", got ", global_bs);
  TORCH_CHECK(quant_mode == 2 || !is_given(scales), op, ": scales need quant_mode 2");
  if (is_given(scales)) check_shape(op, "scales", *scales, {experts, x.size(1)});
  if (is_given(expert_scales)) {
    check_same_shape(op, "expert_scales", *expert_scales, "expert_ids", ids);
  }
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more, op,
                              ": elastic_info, performance_info, zero_expert_num, copy_expert_num "
                              "and const_expert_num are not supported. Leave them out.");
}

template <class T>
Int<T> dispatched_count(const T& x, const T& ids, int64_t ranks, int64_t experts,
                        int64_t global_bs) {
  const Int<T> local = experts / ranks, k = ids.size(1);
  return global_tokens(x, ranks, global_bs) * (local < k ? local : k);
}
template <class T>
Output<T> dispatched(const T& x, const T& ids, int64_t ranks, int64_t experts, int64_t global_bs,
                     int64_t quant_mode) {
  return sized(x, {dispatched_count(x, ids, ranks, experts, global_bs), x.size(1)},
               quant_mode == 0 ? x.scalar_type() : at::kChar);
}
template <class T>
Output<T> dispatched_values(const T& x, const T& ids, int64_t ranks, int64_t experts,
                            int64_t global_bs, int64_t each, at::ScalarType dtype) {
  return sized(x, {dispatched_count(x, ids, ranks, experts, global_bs) * each}, dtype);
}

// With weights the device keeps notes of its way through servers of 8 devices behind the counts.
template <class T>
Output<T> received_counts(const T& x, const T& ids, int64_t ranks, int64_t experts,
                          int64_t global_bs, bool has_weights) {
  Int<T> count = experts;
  if (has_weights) {
    count = count + global_tokens(x, ranks, global_bs) * ids.size(1) * (2 * (ranks / 8));
  }
  return sized(x, {count}, at::kInt);
}

template <class T>
void check_combine(const char* op, const T& x, const T& ids, const T& expert_scales,
                   const T& counts, int64_t ranks, int64_t experts, const std::optional<T>& mask,
                   int64_t tp_ranks, int64_t shared_ranks, bool has_more) {
  check_dim(op, "expand_x", x, 2, 2);
  check_experts(op, ids, ranks, experts, mask, tp_ranks, shared_ranks);
  check_same_shape(op, "expert_scales", expert_scales, "expert_ids", ids);
  TORCH_CHECK(counts.numel() >= experts, op, ": ep_send_counts must have at least ", experts,
              " elements, got shape ", counts.sizes());
  TORCH_CHECK_NOT_IMPLEMENTED(!has_more, op,
                              ": shared_expert_x and what its documentation names besides are not "
                              "supported. Leave them out.");
}

}  // namespace at_npu::vendor
