#pragma once

#include <ATen/core/IListRef.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "csrc/aten/Outputs.h"

// What the expressions in csrc/aten/ops/*.yaml are made of: from a schema's arguments to what the
// aclnn function wants, and the shapes of outputs that PyTorch has no shape function for.
namespace at_npu {

using Sizes = c10::SmallVector<int64_t, 5>;

// ---- inputs ----

inline std::optional<at::Device> npu_device(const at::Tensor& tensor) {
  return tensor.is_privateuseone() ? std::optional(tensor.device()) : std::nullopt;
}

// A Python number, or a 0-dim CPU tensor that PyTorch treats alike.
inline bool is_host_scalar(const at::Tensor& tensor) {
  return tensor.dim() == 0 && tensor.is_cpu();
}

inline bool is_given(const std::optional<at::Tensor>& tensor) {
  return tensor.has_value() && tensor->defined();
}

// `tensor` itself, or a copy of a 0-dim CPU tensor on `like`'s device.
at::Tensor on_device(const at::Tensor& tensor, const at::Tensor& like);

// A tensor of ones where an optional weight is absent.
at::Tensor defined_or_ones(const std::optional<at::Tensor>& weight, at::IntArrayRef sizes,
                           const at::Tensor& like);

// float32 in the place of bfloat16, for functions that lack it.
at::Tensor without_bfloat16(const at::Tensor& tensor);
// Which elements are among `tests`; NaN never is.
at::Tensor is_member(const at::Tensor& elements, const at::Tensor& tests);

Sizes all_dims(const at::Tensor& self);
// Dimensions to reduce, PyTorch's "none named" spelled out.
Sizes dims_or_all(at::OptionalIntArrayRef dims, const at::Tensor& self);
// kernel_size=3 means {3, 3}.
Sizes pair(at::IntArrayRef values);
Sizes triple(at::IntArrayRef values);
// An empty stride means the kernel's size.
Sizes pair_or(at::IntArrayRef values, at::IntArrayRef otherwise);
Sizes triple_or(at::IntArrayRef values, at::IntArrayRef otherwise);

// aclnnCat refuses the shape-[0] tensors that torch.cat skips.
std::vector<at::Tensor> without_legacy_empty(const at::ITensorListRef& tensors);
// Masks become index tensors, absent indices empty tensors.
std::vector<at::Tensor> expanded_indices(const at::Tensor& self,
                                         const c10::List<std::optional<at::Tensor>>& indices);

// ---- attributes ----

// `index` of whole slices along `dim` as an index of elements like `source`.
at::Tensor along_rows(const at::Tensor& index, int64_t dim, const at::Tensor& source);
// sqrt(a^2 + b^2) without overflow in between.
at::Tensor hypotenuse(const at::Tensor& a, const at::Tensor& b);
// info: 1 where a matrix of `result` is not finite, which is an error if check_errors.
void check_finite(const char* op, const at::Tensor& result, const at::Tensor& info,
                  bool check_errors);

// aclnnDivMod: 0 none, 1 trunc, 2 floor.
int64_t rounding(const std::optional<std::string_view>& mode);
// aclnnGeluV2: 0 none, 1 tanh.
int64_t gelu_mode(std::string_view approximate);
// aclnnScatter: 1 add, 2 multiply.
int64_t scatter_mode(std::string_view reduce);
// aclnnScatterReduce: 1 sum, 2 product, 3 maximum, 4 minimum, 5 mean.
int64_t scatter_reduce_mode(std::string_view reduce);
// aclnnLinalgQr: 0 reduced, 1 complete, 2 r.
int64_t qr_mode(std::string_view mode);
// 0: exact float32. 3: float32 may be computed in HF32.
int8_t cube_math_type();
// The largest (sign 1) or lowest (-1) finite value of the dtype, unless a value is given.
float finite_limit(std::optional<double> value, const at::Tensor& self, int sign);

// NaN, or its conversion to an integer.
at::Scalar not_a_number(const at::Tensor& self);

// aclnnVarMean and aclnnStd take whole corrections only: 0 for a fraction, of which the result is
// then multiplied. 1 if none is given.
int64_t whole(const std::optional<at::Scalar>& correction);
void correct_variance(const at::Tensor& variance, const at::Tensor& self,
                      const std::optional<at::Scalar>& correction);
void correct_deviation(const at::Tensor& deviation, const at::Tensor& self,
                       const std::optional<at::Scalar>& correction);

// ---- checks ----

// Writing `out` must not change an input, nor one element twice.
void check_overlap(const at::Tensor& out, const at::ITensorListRef& inputs);
void check_overlap(const at::Tensor& out, const at::Tensor& input);
void check_overlap(const at::Tensor& out, const at::Tensor& first, const at::Tensor& second);
// For operators without TensorIterator, before an output is resized: no element of an output is
// written twice, and none is an input at another place.
void check_targets(at::TensorList outputs, at::TensorList inputs);
// 1 <= k <= the size of the dimension.
void check_kth(const at::Tensor& self, int64_t k, int64_t dim);
// Operators that do not promote.
void check_same_dtype(const char* op, at::TensorList tensors);
// The value fits into the dtype, as Tensor.fill_ asks.
void check_representable(const at::Scalar& value, at::ScalarType dtype);
void check_representable(const std::optional<at::Scalar>& value, at::ScalarType dtype);
// If `other` is a Python number.
void check_host_scalar(const at::Tensor& other, at::ScalarType dtype);
void check_fill(const char* op, const at::Tensor& self, const at::Tensor& value);
// An optional weight of a loss.
void check_weight(const char* op, const at::Tensor& self, const std::optional<at::Tensor>& weight);
void check_index_fill(const at::Tensor& self, int64_t dim, const at::Tensor& index);
void check_hardtanh(const at::Tensor& self, const at::Scalar& lowest, const at::Scalar& highest);
void check_sub(const at::Tensor& self, const at::Tensor& other, const at::Scalar& alpha,
               at::ScalarType dtype);
// The dimension to reduce has elements.
void check_not_empty(const char* op, const at::Tensor& self, int64_t dim);
void check_put(const at::Tensor& self, const at::Tensor& index, const at::Tensor& source);
void check_real(const char* op, const at::Tensor& self);
// Boolean, and expands to self's sizes.
void check_mask(const char* op, const at::Tensor& mask, const at::Tensor& self);

// ---- output shapes ----

at::ScalarType sum_dtype(const at::Tensor& self, std::optional<at::ScalarType> dtype);

Spec variance(const at::Tensor& self, at::OptionalIntArrayRef dims, bool keepdim);
// One element of each row along `dim`.
Spec selected(const at::Tensor& self, int64_t dim, bool keepdim);
Spec selected(const at::Tensor& self, int64_t dim, bool keepdim, at::ScalarType dtype);
Spec reduced(const at::Tensor& self, at::OptionalIntArrayRef dims, bool keepdim,
             at::ScalarType dtype);
Spec trace_of(const at::Tensor& self);
Spec histogram(const at::Tensor& self, int64_t bins, const at::Scalar& low, const at::Scalar& high);
Spec repeated(const at::Tensor& repeats, std::optional<int64_t> output_size);
Spec sum_of_products(const at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2);
Spec distances(const at::Tensor& x1, const at::Tensor& x2);
Spec distance_gradient(const at::Tensor& x1, const at::Tensor& x2);
Spec pair_distances(const at::Tensor& self);
Spec reduced_to_scalar(const at::Tensor& self, const char* op);
// Of matrices or batches of them.
Spec product(const at::Tensor& a, const at::Tensor& b, at::ScalarType dtype);
Spec combined(const at::Tensor& input, const at::Tensor& coefficients);
Spec embedded(const at::Tensor& weight, const at::Tensor& indices);
Spec tiled(const at::Tensor& self, at::IntArrayRef repeats);
Spec padded(const at::Tensor& self, at::IntArrayRef pad);
Spec dot_product(const at::Tensor& self, const at::Tensor& other);
Spec index_selected(const at::Tensor& self, int64_t dim, const at::Tensor& index);
Spec taken(const at::Tensor& self, const at::Tensor& index);
Spec rolled(const at::Tensor& self, at::IntArrayRef shifts, at::IntArrayRef dims);
Spec flipped(const at::Tensor& self, at::IntArrayRef dims);
Spec loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction);
Spec multilabel_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction);
Spec nll_loss2d(const at::Tensor& self, const at::Tensor& target, int64_t reduction);

}  // namespace at_npu
