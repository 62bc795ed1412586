#include <ATen/ExpandUtils.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/WrapDimUtilsMulti.h>
#include <ATen/native/ReduceOpsUtils.h>
#include <ATen/native/TypeProperties.h>

#include <cmath>

#include "csrc/aten/Arguments.h"

namespace at_npu {
namespace {

Spec spec(at::IntArrayRef sizes, at::ScalarType dtype, const at::Tensor& tensor) {
  return sized(tensor, sizes, dtype);
}

// channels_last if `self` is.
void follow_format(Spec& spec, const at::Tensor& self) {
  if (self.suggest_memory_format() != at::MemoryFormat::ChannelsLast) return;
  const auto strides = c10::get_channels_last_strides_2d(at::IntArrayRef(spec.sizes));
  spec.strides.assign(strides.begin(), strides.end());
}

}  // namespace

at::ScalarType sum_dtype(const at::Tensor& self, std::optional<at::ScalarType> dtype) {
  if (dtype.has_value()) return *dtype;
  return at::isIntegralType(self.scalar_type(), /*includeBool=*/true) ? at::kLong
                                                                      : self.scalar_type();
}

Spec variance(const at::Tensor& self, at::OptionalIntArrayRef dims, bool keepdim) {
  TORCH_CHECK(self.is_floating_point() || self.is_complex(),
              "std and var only support floating point and complex dtypes, got ",
              self.scalar_type());
  const auto mask = at::native::make_dim_mask(dims, self.dim());
  return spec(at::native::shape_from_dim_mask(self, mask, keepdim), self.scalar_type(), self);
}

Spec selected(const at::Tensor& self, int64_t dim, bool keepdim) {
  return selected(self, dim, keepdim, self.scalar_type());
}

Spec selected(const at::Tensor& self, int64_t dim, bool keepdim, at::ScalarType dtype) {
  Spec result = sized(self, self.sizes(), dtype);
  dim = at::maybe_wrap_dim(dim, self.dim());
  if (self.dim() == 0) return result;
  if (keepdim) {
    result.sizes[dim] = 1;
  } else {
    result.sizes.erase(result.sizes.begin() + dim);
  }
  return result;
}

Spec rolled(const at::Tensor& self, at::IntArrayRef shifts, at::IntArrayRef dims) {
  TORCH_CHECK(!shifts.empty(), "`shifts` required");
  if (dims.empty()) {
    TORCH_CHECK(shifts.size() == 1, "shifts and dimensions must align. shifts: ", shifts.size(),
                ", dims:0");
  } else {
    TORCH_CHECK(shifts.size() == dims.size(),
                "shifts and dimensions must align. shifts: ", shifts.size(),
                ", dims:", dims.size());
    for (const int64_t dim : dims) {
      at::maybe_wrap_dim(dim, self.dim(), /*wrap_scalar=*/false);
    }
  }
  Spec result = sized(self, self.sizes());
  if (!dims.empty()) follow_format(result, self);
  return result;
}

Spec reduced(const at::Tensor& self, at::OptionalIntArrayRef dims, bool keepdim,
             at::ScalarType dtype) {
  const auto mask = at::native::make_dim_mask(dims, self.dim());
  return spec(at::native::shape_from_dim_mask(self, mask, keepdim), dtype, self);
}

Spec trace_of(const at::Tensor& self) {
  TORCH_CHECK(self.dim() == 2, "trace: expected a matrix, but got tensor with dim ", self.dim());
  return sized(self, {}, sum_dtype(self, std::nullopt));
}

Spec histogram(const at::Tensor& self, int64_t bins, const at::Scalar& low,
               const at::Scalar& high) {
  TORCH_CHECK(bins > 0, "bins must be > 0, but got ", bins);
  double least = low.toDouble(), most = high.toDouble();
  TORCH_CHECK(least <= most, "max must be larger than min");
  if (least == most && self.numel() != 0 && self.is_floating_point()) {  // the range of the data
    least = self.min().item().toDouble();
    most = self.max().item().toDouble();
  }
  TORCH_CHECK(std::isfinite(least) && std::isfinite(most), "torch.histogram: range of [", least,
              ", ", most, "] is not finite");
  return sized(self, {bins});
}

Spec repeated(const at::Tensor& repeats, std::optional<int64_t> output_size) {
  TORCH_CHECK(repeats.dim() == 1, "repeat_interleave only accept 1D vector as repeat");
  TORCH_CHECK(repeats.scalar_type() == at::kLong || repeats.scalar_type() == at::kInt,
              "repeats has to be Long or Int tensor");
  // Its length is data: read back unless the caller knows it.
  if (output_size.has_value()) return sized(repeats, {*output_size});
  TORCH_CHECK(repeats.numel() == 0 || repeats.min().item().toLong() >= 0,
              "repeats can not be negative");
  return sized(repeats, {repeats.sum().item().toLong()});
}

Spec reduced_to_scalar(const at::Tensor& self, const char* op) {
  TORCH_CHECK(self.numel() > 0, op,
              "(): Expected reduction dim to be specified for input.numel() == 0. Specify the "
              "reduction dim with the 'dim' argument.");
  return sized(self, {});
}

Spec dot_product(const at::Tensor& self, const at::Tensor& other) {
  TORCH_CHECK(self.dim() == 1 && other.dim() == 1, "1D tensors expected, but got ", self.dim(),
              "D and ", other.dim(), "D tensors");
  TORCH_CHECK(self.scalar_type() == other.scalar_type(),
              "dot : expected both vectors to have same dtype, but found ", self.scalar_type(),
              " and ", other.scalar_type());
  TORCH_CHECK(self.numel() == other.numel(), "inconsistent tensor size, expected tensor [",
              self.numel(), "] and src [", other.numel(),
              "] to have the same number of elements, but got ", self.numel(), " and ",
              other.numel(), " elements respectively");
  return sized(self, {});
}

Spec sum_of_products(const at::Tensor& self, const at::Tensor& batch1, const at::Tensor& batch2) {
  TORCH_CHECK(batch1.dim() == 3, "batch1 must be a 3D tensor");
  TORCH_CHECK(batch2.dim() == 3, "batch2 must be a 3D tensor");
  TORCH_CHECK(batch1.size(0) == batch2.size(0),
              "batch1 and batch2 must have same number of batches, got ", batch1.size(0), " and ",
              batch2.size(0));
  TORCH_CHECK(batch1.size(2) == batch2.size(1), "Incompatible matrix sizes for bmm (",
              batch1.size(1), "x", batch1.size(2), " and ", batch2.size(1), "x", batch2.size(2),
              ")");
  check_same_dtype("addbmm", {self, batch1, batch2});
  const Sizes sizes{batch1.size(1), batch2.size(2)};
  TORCH_CHECK(at::is_expandable_to(self.sizes(), sizes), "The expanded size of the tensor (",
              at::IntArrayRef(sizes), ") must match the existing size ", self.sizes());
  return sized(batch1, sizes);
}

Spec distances(const at::Tensor& x1, const at::Tensor& x2) {
  TORCH_CHECK(x1.size(-1) == x2.size(-1),
              "X1 and X2 must have the same number of columns. X1: ", x1.size(-1),
              " X2: ", x2.size(-1));
  check_same_dtype("cdist", {x1, x2});
  auto sizes = at::infer_size(x1.sizes().slice(0, x1.dim() - 2), x2.sizes().slice(0, x2.dim() - 2));
  sizes.insert(sizes.end(), {x1.size(-2), x2.size(-2)});
  return sized(x1, sizes);
}

Spec distance_gradient(const at::Tensor& x1, const at::Tensor& x2) {
  auto sizes = at::infer_size(x1.sizes().slice(0, x1.dim() - 2), x2.sizes().slice(0, x2.dim() - 2));
  sizes.insert(sizes.end(), {x1.size(-2), x1.size(-1)});
  return sized(x1, sizes);
}

Spec pair_distances(const at::Tensor& self) {
  const int64_t rows = self.size(0);
  return sized(self, {rows <= 1 ? 0 : rows * (rows - 1) / 2});
}

Spec index_selected(const at::Tensor& self, int64_t dim, const at::Tensor& index) {
  TORCH_CHECK_INDEX(index.dim() <= 1,
                    "index_select(): Index is supposed to be a vector, but got dim: ", index.dim());
  TORCH_CHECK(index.scalar_type() == at::kLong || index.scalar_type() == at::kInt,
              "index_select(): Expected dtype int32 or int64 for index, but got ",
              index.scalar_type());
  TORCH_CHECK_INDEX(self.dim() > 0 || index.numel() == 1,
                    "index_select(): Index to scalar can have at most 1 value, got ", index.numel(),
                    " value(s)");
  Spec result = sized(self, self.sizes());
  dim = at::maybe_wrap_dim(dim, self.dim());
  if (self.dim() > 0) result.sizes[dim] = index.numel();
  return result;
}

Spec taken(const at::Tensor& self, const at::Tensor& index) {
  TORCH_CHECK(index.scalar_type() == at::kLong,
              "take(): Expected a long tensor for index, but got ", index.scalar_type());
  TORCH_CHECK_INDEX(self.numel() != 0 || index.numel() == 0,
                    "take(): tried to take from an empty tensor");
  return sized(self, index.sizes());
}

Spec flipped(const at::Tensor& self, at::IntArrayRef dims) {
  at::dim_list_to_bitset(dims, self.dim());  // checks range and repetition
  return like(self);
}

Spec loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  TORCH_CHECK(self.sizes() == target.sizes(), "Using a target size (", target.sizes(),
              ") that is different to the input size (", self.sizes(),
              ") is deprecated. Please ensure they have the same size.");
  return reduction == at::Reduction::None ? like(self) : sized(self, {});
}

Spec nll_loss2d(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  TORCH_CHECK(target.dim() == 3,
              "only batches of spatial targets supported (3D tensors) but got targets of "
              "dimension: ",
              target.dim());
  TORCH_CHECK(self.dim() == 4,
              "only batches of spatial inputs supported (4D tensors), but got input of dimension: ",
              self.dim());
  TORCH_CHECK(self.size(0) == target.size(0) && self.size(2) == target.size(1) &&
                  self.size(3) == target.size(2),
              "size mismatch (got input: ", self.sizes(), " , target: ", target.sizes());
  return reduction == at::Reduction::None ? sized(self, target.sizes()) : sized(self, {});
}

Spec multilabel_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction) {
  TORCH_CHECK(self.dim() <= 2 && (self.dim() == 0 || self.size(-1) != 0),
              "Expected non-empty vector or matrix with optional 0-dim batch size, but got: ",
              self.sizes());
  TORCH_CHECK(self.dim() < 2 ? target.dim() <= 1 && target.numel() == self.numel()
                             : target.sizes() == self.sizes(),
              "inconsistent target size: ", target.sizes(), " for input of size: ", self.sizes());
  const bool per_row = reduction == at::Reduction::None && target.dim() > 1;
  return per_row ? sized(self, {self.size(0)}) : sized(self, {});
}

Spec product(const at::Tensor& a, const at::Tensor& b, at::ScalarType dtype) {
  TORCH_CHECK(a.dim() == b.dim() && (a.dim() == 2 || a.dim() == 3) && a.size(-1) == b.size(-2) &&
                  (a.dim() == 2 || a.size(0) == b.size(0)),
              "mat1 and mat2 shapes cannot be multiplied (", a.sizes(), " and ", b.sizes(), ")");
  check_same_dtype("mm", {a, b});
  TORCH_CHECK(dtype == a.scalar_type() || dtype == at::kFloat,
              "out_dtype must be the same as input dtype or fp32 for fp16/bf16 inputs, got ",
              dtype);
  at::DimVector sizes(a.sizes());
  sizes.back() = b.size(-1);
  return sized(a, sizes, dtype);
}

Spec combined(const at::Tensor& input, const at::Tensor& coefficients) {
  TORCH_CHECK(coefficients.dim() == 2 && coefficients.size(1) == input.size(0),
              "expected coefficients of shape [*, ", input.size(0), "], got ",
              coefficients.sizes());
  check_same_dtype("linear combination", {input, coefficients});
  at::DimVector sizes(input.sizes());
  sizes[0] = coefficients.size(0);
  return sized(input, sizes);
}

Spec embedded(const at::Tensor& weight, const at::Tensor& indices) {
  TORCH_CHECK(weight.dim() == 2, "'weight' must be 2-D");
  TORCH_CHECK(
      indices.scalar_type() == at::kLong || indices.scalar_type() == at::kInt,
      "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
      "Long, Int; but got ",
      indices.scalar_type(), " instead (while checking arguments for embedding)");
  at::DimVector sizes(indices.sizes());
  sizes.push_back(weight.size(1));
  return sized(weight, sizes);
}

Spec tiled(const at::Tensor& self, at::IntArrayRef repeats) {
  const auto added = static_cast<int64_t>(repeats.size()) - self.dim();
  TORCH_CHECK(added >= 0,
              "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
              "tensor");
  at::DimVector sizes(repeats);
  for (const int64_t count : repeats) {
    TORCH_CHECK(count >= 0, "Trying to create tensor with negative dimension ", count, ": ",
                repeats);
  }
  for (int64_t i = 0; i < self.dim(); ++i) sizes[added + i] *= self.size(i);
  return sized(self, sizes);
}

Spec padded(const at::Tensor& self, at::IntArrayRef pad) {
  TORCH_CHECK(pad.size() % 2 == 0, "Length of pad must be even but instead it equals ", pad.size());
  const int64_t dims = self.dim(), changed = static_cast<int64_t>(pad.size()) / 2;
  TORCH_CHECK(
      dims >= changed,
      "Length of pad should be no more than twice the number of dimensions of the input. Pad "
      "length is ",
      pad.size(), " while the input has ", dims, " dimensions.");
  Spec result = sized(self, self.sizes());
  for (int64_t i = 0; i < changed; ++i) {
    const int64_t dim = dims - 1 - i, before = pad[2 * i], after = pad[2 * i + 1];
    result.sizes[dim] += before + after;
    TORCH_CHECK(result.sizes[dim] >= 0, "The input size ", self.size(dim),
                ", plus negative padding ", before, " and ", after,
                " resulted in a negative output size, which is invalid. Check dimension ", dim,
                " of your input.");
  }
  follow_format(result, self);
  return result;
}

}  // namespace at_npu
