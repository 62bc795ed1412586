#include "csrc/aten/Arguments.h"

#include <ATen/Context.h>
#include <ATen/ExpandUtils.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/native/BinaryOps.h>
#include <ATen/native/IndexingUtils.h>
#include <ATen/ops/_linalg_check_errors.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/result_type.h>
#include <ATen/ops/searchsorted.h>

#include <algorithm>
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

Sizes triple(at::IntArrayRef values) {
  return values.size() == 1 ? Sizes(3, values[0]) : Sizes(values.begin(), values.end());
}

Sizes triple_or(at::IntArrayRef values, at::IntArrayRef otherwise) {
  return triple(values.empty() ? otherwise : values);
}

at::Tensor without_bfloat16(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kBFloat16 ? tensor.to(at::kFloat) : tensor;
}

at::Tensor is_member(const at::Tensor& elements, const at::Tensor& tests) {
  const at::Tensor given = tests.to(at::result_type(elements, tests)).flatten();
  // As PyTorch does on other devices: few tests are compared with all, many are searched.
  const double few = 10 * std::pow(static_cast<double>(elements.numel()), 0.145);
  if (static_cast<double>(given.numel()) < few) {
    return elements.unsqueeze(-1).eq(given).any(-1);
  }
  const at::Tensor sorted = without_bfloat16(std::get<0>(given.sort()));
  const at::Tensor wanted = elements.to(sorted.scalar_type());
  const at::Tensor places = at::searchsorted(sorted, wanted).clamp_max(given.numel() - 1);
  return sorted.take(places).eq(wanted);
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

at::Tensor along_rows(const at::Tensor& index, int64_t dim, const at::Tensor& source) {
  if (source.dim() == 0) return index.reshape({});
  at::DimVector sizes(source.dim(), 1);
  sizes[at::maybe_wrap_dim(dim, source.dim())] = index.numel();
  return index.view(sizes).expand(source.sizes());
}

at::Tensor hypotenuse(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.abs(), y = b.abs(), larger = at::maximum(x, y);
  const at::Tensor ratio = at::minimum(x, y).div(larger);
  const at::Tensor is_whole = larger.eq(0).logical_or(larger.eq(INFINITY));
  return ratio.masked_fill(is_whole, 0).square().add(1).sqrt().mul(larger);
}

void check_finite(const char* op, const at::Tensor& result, const at::Tensor& info,
                  bool check_errors) {
  info.copy_(result.isfinite().flatten(-2).all(-1).logical_not());
  if (check_errors) at::_linalg_check_errors(info, op, result.dim() == 2);
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

int64_t scatter_reduce_mode(std::string_view reduce) {
  static constexpr std::string_view kNames[] = {"", "sum", "prod", "amax", "amin", "mean"};
  const auto* name = std::find(std::begin(kNames), std::end(kNames), reduce);
  TORCH_CHECK(name != std::end(kNames) && !reduce.empty(),
              "reduce argument must be either sum, prod, mean, amax or amin, got ", reduce, ".");
  return name - std::begin(kNames);
}

int64_t qr_mode(std::string_view mode) {
  if (mode == "reduced") return 0;
  return mode == "complete" ? 1 : 2;  // the shape function has refused other names
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
#define LOWEST_CASE(type, name) \
  case at::ScalarType::name:    \
    return std::numeric_limits<type>::min();
  switch (self.scalar_type()) {
    AT_FORALL_INT_TYPES(LOWEST_CASE)  // what CPUs make of it
    default:
      return std::nan("");
  }
#undef LOWEST_CASE
}

namespace {

bool is_whole(double number) { return number == std::floor(number); }

// What turns a sum of squares divided by their number into one corrected by a fraction.
std::optional<double> missing_factor(const at::Tensor& result, const at::Tensor& self,
                                     const std::optional<at::Scalar>& correction) {
  const double number = correction.value_or(1).toDouble();
  if (is_whole(number) || result.numel() == 0) return std::nullopt;
  const auto count = static_cast<double>(self.numel() / result.numel());
  return count / std::max(0.0, count - number);
}

}  // namespace

int64_t whole(const std::optional<at::Scalar>& correction) {
  const double number = correction.value_or(1).toDouble();
  return is_whole(number) ? static_cast<int64_t>(number) : 0;
}

void correct_variance(const at::Tensor& variance, const at::Tensor& self,
                      const std::optional<at::Scalar>& correction) {
  if (const auto factor = missing_factor(variance, self, correction)) variance.mul_(*factor);
}

void correct_deviation(const at::Tensor& deviation, const at::Tensor& self,
                       const std::optional<at::Scalar>& correction) {
  if (const auto factor = missing_factor(deviation, self, correction)) {
    deviation.mul_(std::sqrt(*factor));
  }
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

void check_targets(at::TensorList outputs, at::TensorList inputs) {
  for (const at::Tensor& out : outputs) {
    at::assert_no_internal_overlap(out);
    for (const at::Tensor& input : inputs) {
      if (input.device() == out.device()) at::assert_no_partial_overlap(out, input);
    }
  }
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

void check_representable(const std::optional<at::Scalar>& value, at::ScalarType dtype) {
  if (value.has_value()) check_representable(*value, dtype);
}

void check_host_scalar(const at::Tensor& other, at::ScalarType dtype) {
  if (is_host_scalar(other)) check_representable(other.item(), dtype);
}

void check_weight(const char* op, const at::Tensor& self, const std::optional<at::Tensor>& weight) {
  if (is_given(weight)) check_same_dtype(op, {self, *weight});
}

void check_index_fill(const at::Tensor& self, int64_t dim, const at::Tensor& index) {
  at::maybe_wrap_dim(dim, self.dim());
  TORCH_CHECK(index.dim() <= 1,
              "index_fill_(): Index has to be a vector or scalar, but got dim: ", index.dim());
}

void check_hardtanh(const at::Tensor& self, const at::Scalar& lowest, const at::Scalar& highest) {
  TORCH_CHECK(
      self.scalar_type() != at::kByte || (lowest.toDouble() >= 0 && highest.toDouble() >= 0),
      "cannot do hardtanh on an unsigned type with negative limits");
}

void check_sub(const at::Tensor& self, const at::Tensor& other, const at::Scalar& alpha,
               at::ScalarType dtype) {
  at::native::sub_check(self, other);
  at::native::alpha_check(dtype, alpha);
}

void check_not_empty(const char* op, const at::Tensor& self, int64_t dim) {
  dim = at::maybe_wrap_dim(dim, self.dim());
  TORCH_CHECK_INDEX(self.dim() == 0 || self.size(dim) != 0, op, "(): Expected reduction dim ", dim,
                    " to have non-zero size.");
}

void check_put(const at::Tensor& self, const at::Tensor& index, const at::Tensor& source) {
  TORCH_CHECK(index.scalar_type() == at::kLong,
              "put_(): Expected a long tensor for index, but got ", index.scalar_type());
  TORCH_CHECK(self.scalar_type() == source.scalar_type(),
              "put_(): self and source expected to have the same dtype, but got self.dtype = ",
              self.scalar_type(), " and source.dtype = ", source.scalar_type());
  TORCH_CHECK(index.numel() == source.numel(),
              "put_(): Expected source and index to have the same number of elements, but got "
              "source.numel() = ",
              source.numel(), ", index.numel() = ", index.numel());
  TORCH_CHECK_INDEX(self.numel() != 0 || index.numel() == 0,
                    "put_(): Tried to put elements into an empty tensor");
  check_overlap(self, index, source);
}

void check_real(const char* op, const at::Tensor& self) {
  TORCH_CHECK_NOT_IMPLEMENTED(!self.is_complex(), op, ": the NPU does not support dtype ",
                              self.scalar_type(), ", only real ones. Call it on the CPU: x.cpu().");
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
