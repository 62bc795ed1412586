#include "csrc/aten/Arguments.h"

#include <ATen/Context.h>
#include <ATen/ExpandUtils.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/native/IndexingUtils.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace at_npu {

at::Tensor on_device(const at::Tensor& tensor, const at::Tensor& like) {
  return is_host_scalar(tensor) ? tensor.to(like.device()) : tensor;
}

at::Tensor defined_or_ones(const std::optional<at::Tensor>& weight, at::IntArrayRef sizes,
                           const at::Tensor& like) {
  if (is_given(weight)) return *weight;
  return new_like(like, sizes).fill_(1);
}

Sizes all_dims(const at::Tensor& self) {
  Sizes dims(self.dim());
  std::iota(dims.begin(), dims.end(), 0);
  return dims;
}

Sizes dims_or_all(at::OptionalIntArrayRef dims, const at::Tensor& self) {
  if (!dims.has_value() || dims->empty()) return all_dims(self);
  // A 0-dim tensor has the dimensions 0 and -1 for PyTorch only.
  return self.dim() == 0 ? Sizes() : Sizes(dims->begin(), dims->end());
}

Sizes pair(at::IntArrayRef values) {
  return values.size() == 1 ? Sizes{values[0], values[0]} : Sizes(values.begin(), values.end());
}

Sizes pair_or(at::IntArrayRef values, at::IntArrayRef otherwise) {
  return pair(values.empty() ? otherwise : values);
}

std::vector<at::Tensor> without_legacy_empty(const at::ITensorListRef& tensors) {
  std::vector<at::Tensor> result;
  result.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) {
    if (tensor.dim() != 1 || tensor.size(0) != 0) result.push_back(tensor);
  }
  return result;
}

std::vector<at::Tensor> expanded_indices(const at::Tensor& self,
                                         const c10::List<std::optional<at::Tensor>>& indices) {
  at::native::checkIndexTensorTypes(indices, /*allow_int=*/true);
  std::vector<at::Tensor> expanded =
      at::native::expandTensors(self, indices, /*ensure_same_device=*/true);
  for (at::Tensor& index : expanded) {
    if (!index.defined()) {
      index = empty({0}, at::kLong, self.device());
    } else if (index.device() != self.device()) {
      index = index.to(self.device());
    }
  }
  return expanded;
}

int64_t rounding(const std::optional<std::string_view>& mode) {
  if (!mode.has_value()) return 0;
  return *mode == "trunc" ? 1 : 2;  // the shape function has refused other names
}

int64_t gelu_mode(std::string_view approximate) {
  TORCH_CHECK(approximate == "none" || approximate == "tanh",
              "approximate argument must be either none or tanh, not ", approximate, ".");
  return approximate == "tanh" ? 1 : 0;
}

int64_t scatter_mode(std::string_view reduce) {
  TORCH_CHECK(reduce == "add" || reduce == "multiply",
              "reduce argument must be either add or multiply, not ", reduce, ".");
  return reduce == "add" ? 1 : 2;
}

int8_t cube_math_type() {
  constexpr int8_t kKeepDtype = 0;
  constexpr int8_t kUseHf32 = 3;
  return at::globalContext().float32MatmulPrecision() == at::Float32MatmulPrecision::HIGHEST
             ? kKeepDtype
             : kUseHf32;
}

float finite_limit(std::optional<double> value, const at::Tensor& self, int sign) {
  if (value.has_value()) return static_cast<float>(*value);
  constexpr float kLargestHalf = 65504.0F;
  constexpr float kLargestBFloat16 = 3.3895313892515355e38F;
  float limit = std::numeric_limits<float>::max();
  if (self.scalar_type() == at::kHalf) limit = kLargestHalf;
  if (self.scalar_type() == at::kBFloat16) limit = kLargestBFloat16;
  return sign > 0 ? limit : -limit;
}

at::Scalar not_a_number(const at::Tensor& self) {
  if (!at::isIntegralType(self.scalar_type(), /*includeBool=*/true)) return std::nan("");
  return std::numeric_limits<int64_t>::min();  // what CPUs make of it
}

int64_t whole(const std::optional<at::Scalar>& correction) {
  const at::Scalar value = correction.value_or(1);
  const double number = value.toDouble();
  TORCH_CHECK_NOT_IMPLEMENTED(number == std::floor(number),
                              "var and std on npu take a whole number as correction, not ", number,
                              ".");
  return static_cast<int64_t>(number);
}

void check_overlap(const at::Tensor& out, const at::ITensorListRef& inputs) {
  at::assert_no_internal_overlap(out);
  for (const at::Tensor& input : inputs) at::assert_no_overlap(out, input);
}

void check_overlap(const at::Tensor& out, const at::Tensor& input) {
  at::assert_no_internal_overlap(out);
  at::assert_no_overlap(out, input);
}

void check_overlap(const at::Tensor& out, const at::Tensor& first, const at::Tensor& second) {
  check_overlap(out, first);
  at::assert_no_overlap(out, second);
}

void check_kth(const at::Tensor& self, int64_t k, int64_t dim) {
  dim = at::maybe_wrap_dim(dim, self.dim());
  const int64_t size = self.dim() == 0 ? 1 : self.size(dim);
  TORCH_CHECK(k >= 1 && k <= size, "kthvalue(): selected number k out of range for dimension ",
              dim);
}

void check_same_dtype(const char* op, at::TensorList tensors) {
  for (const at::Tensor& tensor : tensors) {
    TORCH_CHECK(tensor.scalar_type() == tensors[0].scalar_type(), op,
                ": expected all inputs to have the same dtype, but got ", tensors[0].scalar_type(),
                " and ", tensor.scalar_type());
  }
}

void check_representable(const at::Scalar& value, at::ScalarType dtype) {
#define CHECK_CASE(type, name) \
  case at::ScalarType::name:   \
    (void)value.to<type>();    \
    return;
  switch (dtype) {
    AT_FORALL_SCALAR_TYPES_AND3(Bool, Half, BFloat16, CHECK_CASE)
    default:
      return;
  }
#undef CHECK_CASE
}

void check_fill(const char* op, const at::Tensor& self, const at::Tensor& value) {
  TORCH_CHECK(value.dim() == 0, op,
              " only supports a 0-dimensional value tensor, but got tensor with ", value.dim(),
              " dimension(s).");
  TORCH_CHECK(!value.is_complex() || self.is_complex(), op, ": value of type ", value.scalar_type(),
              " cannot be converted to type ", self.scalar_type());
}

void check_mask(const char* op, const at::Tensor& mask, const at::Tensor& self) {
  TORCH_CHECK(mask.scalar_type() == at::kBool, op,
              " only supports boolean masks, but got mask with dtype ", mask.scalar_type());
  TORCH_CHECK(at::is_expandable_to(mask.sizes(), self.sizes()), "The size of the mask ",
              mask.sizes(), " must be broadcastable to the size of the tensor ", self.sizes(), ".");
}

}  // namespace at_npu
