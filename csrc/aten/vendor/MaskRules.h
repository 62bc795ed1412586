#pragma once

#include <algorithm>

#include "csrc/aten/vendor/Rules.h"

// What is given for the scores of an attention: [B, N, rows, columns].
namespace at_npu::vendor {

constexpr int64_t kCausalMask = 2048;  // rows and columns of the triangle of sparse_mode 2 to 4

template <class T>
struct ScoreSizes {
  Int<T> batch, heads, rows, columns;
};

// Rows and columns may be more than there are: a mask for the longest sequence serves all.
template <class T>
void check_covers(const char* op, const char* name, const T& tensor, const ScoreSizes<T>& scores) {
  TORCH_CHECK(
      tensor.dim() >= 2 && tensor.size(-2) >= scores.rows && tensor.size(-1) >= scores.columns, op,
      ": ", name, " must reach over ", scores.rows, " queries and ", scores.columns,
      " keys in its last dimensions, got shape ", tensor.sizes());
}

// Modes with the triangle, which is the same for all sequences.
inline bool is_compressed(int64_t sparse_mode) { return sparse_mode >= 2 && sparse_mode <= 4; }

template <class T>
void check_sparse_mode(const char* op, const std::optional<T>& mask, int64_t sparse_mode) {
  TORCH_CHECK(sparse_mode >= 0 && sparse_mode <= 8, op, ": sparse_mode must be 0 to 8, got ",
              sparse_mode);
  TORCH_CHECK_NOT_IMPLEMENTED(sparse_mode <= 4, op, ": sparse_mode ", sparse_mode,
                              " is not supported. Use 0 to 4, 1 with a mask of all scores.");
  if (!is_compressed(sparse_mode)) return;
  TORCH_CHECK(is_given(mask) && mask->dim() >= 2 && mask->size(-1) == kCausalMask &&
                  mask->size(-2) == kCausalMask && mask->numel() == kCausalMask * kCausalMask,
              op, ": sparse_mode ", sparse_mode,
              " needs atten_mask [2048, 2048] whatever the lengths are: "
              "torch.ones(2048, 2048, dtype=torch.bool).triu(1); got ",
              is_given(mask) ? c10::str("shape ", mask->sizes()) : std::string("none"));
}

// The first dimensions of what has four are B and N, or 1.
template <class T>
void check_for_each_head(const char* op, const char* name, const T& tensor,
                         const ScoreSizes<T>& scores) {
  TORCH_CHECK((tensor.size(0) == 1 || tensor.size(0) == scores.batch) &&
                  (tensor.size(1) == 1 || tensor.size(1) == scores.heads),
              op, ": ", name, " must have ", scores.batch, " or 1 and ", scores.heads,
              " or 1 in its first dimensions, got shape ", tensor.sizes());
}

// Of training: [rows, columns], or four dimensions.
template <class T>
void check_training_mask(const char* op, const std::optional<T>& mask, int64_t sparse_mode,
                         const ScoreSizes<T>& scores) {
  check_sparse_mode(op, mask, sparse_mode);
  if (!is_given(mask)) return;
  TORCH_CHECK(mask->scalar_type() == at::kBool || mask->scalar_type() == at::kByte, op,
              ": atten_mask must be bool or uint8, got ", mask->scalar_type());
  if (is_compressed(sparse_mode)) return;
  TORCH_CHECK(mask->dim() == 2 || mask->dim() == 4, op,
              ": atten_mask must have 2 or 4 dimensions, got shape ", mask->sizes());
  check_covers(op, "atten_mask", *mask, scores);
  if (mask->dim() == 4) check_for_each_head(op, "atten_mask", *mask, scores);
}

// Of inference: [rows, columns] for all, or for each sequence with or without a dimension of heads;
// with one query [B, columns], too.
template <class T>
void check_inference_mask(const char* op, const std::optional<T>& mask, int64_t sparse_mode,
                          const ScoreSizes<T>& scores) {
  check_sparse_mode(op, mask, sparse_mode);
  if (!is_given(mask) || is_compressed(sparse_mode)) return;
  check_dim(op, "atten_mask", *mask, 2, 4);
  check_covers(op, "atten_mask", *mask, scores);
  if (mask->dim() == 2) return;
  TORCH_CHECK((mask->size(0) == 1 || mask->size(0) == scores.batch) &&
                  (mask->dim() == 3 || mask->size(1) == 1),
              op, ": atten_mask must have ", scores.batch,
              " or 1 in its first dimension, and 1 for all heads, got shape ", mask->sizes());
}

// Added to the scores: as many columns as keys, everything else may be 1.
template <class T>
void check_shift(const char* op, const char* name, const std::optional<T>& shift, const T& query,
                 const ScoreSizes<T>& scores) {
  if (!is_given(shift)) return;
  check_same_dtype(op, name, *shift, "query", query);
  check_broadcast(op, name, *shift,
                  Ints<T>{scores.batch, scores.heads, scores.rows, scores.columns});
}

}  // namespace at_npu::vendor
