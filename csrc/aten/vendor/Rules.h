#pragma once

#include <ATen/WrapDimUtils.h>
#include <c10/util/Exception.h>

#include <initializer_list>
#include <string_view>

#include "csrc/aten/vendor/Shaped.h"

// What the entries in csrc/aten/vendor/*.yaml are made of: outputs, and checks of what only the
// kernel would find otherwise. Every check names the operator, the argument and what it should be.
namespace at_npu::vendor {

template <class T>
bool is_given(const std::optional<T>& value) {
  return value.has_value() && value->defined();
}

// ---- outputs ----

template <class T>
Output<T> sized(const T& like, const Ints<T>& sizes, at::ScalarType dtype) {
  return {sizes, dtype, like.device()};
}
template <class T>
Output<T> sized(const T& like, std::initializer_list<Int<T>> sizes, at::ScalarType dtype) {
  return {sizes, dtype, like.device()};
}
template <class T>
Output<T> sized(const T& like, std::initializer_list<Int<T>> sizes) {
  return {sizes, like.scalar_type(), like.device()};
}

template <class T>
Ints<T> sizes_of(const T& tensor) {
  return Ints<T>(tensor.sizes().begin(), tensor.sizes().end());
}

// Sizes and dtype of `tensor`.
template <class T>
Output<T> same(const T& tensor, at::ScalarType dtype) {
  return {sizes_of(tensor), dtype, tensor.device()};
}
template <class T>
Output<T> same(const T& tensor) {
  return same(tensor, tensor.scalar_type());
}
// Of an optional tensor; [0] if it is absent.
template <class T>
Output<T> same_or_empty(const std::optional<T>& tensor, const T& like) {
  if (is_given(tensor)) return same(*tensor);
  return sized(like, {0});
}

// The dimension `dim` with another size.
template <class T>
Output<T> resized(const T& tensor, int64_t dim, Int<T> size) {
  Output<T> result = same(tensor);
  result.sizes[at::maybe_wrap_dim(dim, tensor.dim())] = std::move(size);
  return result;
}
template <class T>
Output<T> halved(const T& tensor, int64_t dim) {
  return resized(tensor, dim, Int<T>(tensor.size(dim) / 2));
}

// One float32 statistic for each row of gamma's shape.
template <class T>
Output<T> row_statistic(const T& tensor, const T& gamma) {
  Output<T> result = same(tensor, at::kFloat);
  std::fill(result.sizes.end() - gamma.dim(), result.sizes.end(), 1);
  return result;
}

// `out` after it got the values of `source`: for functions that work in place.
inline const at::Tensor& filled(const at::Tensor& out, const at::Tensor& source) {
  return out.copy_(source), out;
}

// An output that is passed to the kernel if it is wanted.
inline at::Tensor unless_empty(const at::Tensor& out) {
  return out.numel() == 0 ? at::Tensor() : out;
}

// The loss of rows of scores.
template <class T>
Output<T> loss_of(const T& scores, std::string_view reduction) {
  return sized(scores, {reduction == "none" ? scores.size(0) : Int<T>(1)});
}

// ---- checks ----

template <class T>
void check_dim(const char* op, const char* name, const T& tensor, int64_t low, int64_t high) {
  TORCH_CHECK(tensor.dim() >= low && tensor.dim() <= high, op, ": ", name, " must have ",
              low == high ? c10::str(low) : c10::str(low, " to ", high), " dimensions, got shape ",
              tensor.sizes());
}

template <class T>
void check_same_shape(const char* op, const char* name, const T& tensor, const char* other_name,
                      const T& other) {
  TORCH_CHECK(tensor.sizes() == other.sizes(), op, ": ", name, " must have the shape of ",
              other_name, ", ", other.sizes(), ", got ", tensor.sizes());
}

template <class T>
void check_same_dtype(const char* op, const char* name, const T& tensor, const char* other_name,
                      const T& other) {
  TORCH_CHECK(tensor.scalar_type() == other.scalar_type(), op, ": ", name,
              " must have the dtype of ", other_name, ", ", other.scalar_type(), ", got ",
              tensor.scalar_type());
}

template <class T>
void check_alike(const char* op, const char* name, const T& tensor, const char* other_name,
                 const T& other) {
  check_same_shape(op, name, tensor, other_name, other);
  check_same_dtype(op, name, tensor, other_name, other);
}

template <class T>
void check_shape(const char* op, const char* name, const T& tensor, const Ints<T>& sizes) {
  using Array = c10::ArrayRef<Int<T>>;
  TORCH_CHECK(Array(tensor.sizes().begin(), tensor.sizes().end()) == Array(sizes), op, ": ", name,
              " must have shape ", Array(sizes), ", got ", tensor.sizes());
}

// One dimension for each of the last `sizes`, of that size or 1.
template <class T>
void check_broadcast(const char* op, const char* name, const T& tensor, const Ints<T>& sizes) {
  const auto dims = static_cast<int64_t>(sizes.size());
  bool fits = tensor.dim() <= dims;
  for (int64_t i = 1; fits && i <= tensor.dim(); ++i) {
    fits = tensor.size(-i) == 1 || tensor.size(-i) == sizes[dims - i];
  }
  TORCH_CHECK(fits, op, ": ", name, " must broadcast to ", c10::ArrayRef<Int<T>>(sizes),
              ", got shape ", tensor.sizes());
}

// `tensor` has the shape of `other` but for the last dimension.
template <class T>
void check_same_but_last(const char* op, const char* name, const T& tensor, const char* other_name,
                         const T& other) {
  const int64_t dims = other.dim();
  TORCH_CHECK(
      tensor.dim() == dims && tensor.sizes().slice(0, dims - 1) == other.sizes().slice(0, dims - 1),
      op, ": ", name, " must have the shape of ", other_name, ", ", other.sizes(),
      ", but for the last dimension, got ", tensor.sizes());
}

template <class T>
void check_same_last(const char* op, const char* name, const T& tensor, const char* other_name,
                     const T& other) {
  TORCH_CHECK(tensor.size(-1) == other.size(-1), op, ": ", name,
              " must have the last dimension of ", other_name, " ", other.sizes(), ", got shape ",
              tensor.sizes());
}

template <class T>
void check_if_given(const char* op, const char* name, const std::optional<T>& tensor,
                    const Ints<T>& sizes) {
  if (is_given(tensor)) check_shape(op, name, *tensor, sizes);
}
template <class T>
void check_count(const char* op, const char* name, const T& tensor, const Int<T>& count) {
  TORCH_CHECK(tensor.numel() == count, op, ": ", name, " must have ", count,
              " elements, got shape ", tensor.sizes());
}
template <class T>
void check_one_element(const char* op, const char* name, const std::optional<T>& tensor) {
  if (is_given(tensor)) check_count(op, name, *tensor, Int<T>(1));
}

// `gamma` has the shape of the last dimensions of `tensor`.
template <class T>
void check_gamma(const char* op, const T& tensor, const T& gamma) {
  const int64_t dims = gamma.dim();
  TORCH_CHECK(dims >= 1 && dims <= tensor.dim() &&
                  tensor.sizes().slice(tensor.dim() - dims) == gamma.sizes(),
              op, ": gamma must have the shape of the last dimensions of the input ",
              tensor.sizes(), ", got ", gamma.sizes());
}

template <class T>
void check_halves(const char* op, const T& tensor, int64_t dim) {
  TORCH_CHECK(tensor.dim() > 0, op, ": the input must have at least one dimension");
  TORCH_CHECK(tensor.size(dim) % 2 == 0, op, ": dimension ", dim, " of the input ", tensor.sizes(),
              " must be even, for its halves");
}
// `half` is `tensor` with half of the dimension.
template <class T>
void check_half(const char* op, const char* name, const T& half, const T& tensor, int64_t dim) {
  check_halves(op, tensor, dim);
  check_shape(op, name, half, halved(tensor, dim).sizes);
}

void check_one_of(const char* op, const char* name, std::string_view value,
                  std::initializer_list<std::string_view> allowed);
void check_gelu_mode(const char* op, int64_t approximate);
void check_gelu_mode(const char* op, std::string_view approximate);
void check_no_zloss(const char* op, double scale, bool is_wanted);

template <class T>
void check_softmax_mask(const char* op, const T& scores, const T& mask) {
  check_dim(op, "x", scores, 4, 4);
  check_dim(op, "mask", mask, 4, 4);
  TORCH_CHECK(mask.scalar_type() == at::kBool, op, ": mask must be bool, got ", mask.scalar_type());
  for (int64_t i = 0; i < 4; ++i) {
    TORCH_CHECK(mask.size(i) == scores.size(i) || (i < 2 && mask.size(i) == 1), op,
                ": mask must have the shape of x, ", scores.sizes(),
                ", or 1 in the first two dimensions, got ", mask.sizes());
  }
}

// `rstd`: the second result of the norm.
template <class T>
void check_norm_grad(const char* op, const T& grad, const T& tensor, const T& gamma,
                     const T& rstd) {
  check_gamma(op, tensor, gamma);
  check_same_shape(op, "dy", grad, "input", tensor);
  check_shape(op, "rstd", rstd, row_statistic(tensor, gamma).sizes);
}

template <class T>
void check_cross_entropy(const char* op, const T& scores, const T& target,
                         const std::optional<T>& weight, std::string_view reduction) {
  check_dim(op, "the scores", scores, 2, 2);
  check_shape(op, "target", target, {scores.size(0)});
  if (is_given(weight)) check_shape(op, "weight", *weight, {scores.size(1)});
  check_one_of(op, "reduction", reduction, {"mean", "sum", "none"});
}

}  // namespace at_npu::vendor
