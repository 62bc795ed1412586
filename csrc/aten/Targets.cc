#include "csrc/aten/Targets.h"

#include <ATen/MemoryOverlap.h>
#include <ATen/native/Resize.h>

namespace at_npu {
namespace {

bool is_repeated(const at::Tensor& tensor, int64_t dim) {
  return tensor.stride(dim) == 0 && tensor.size(dim) > 1;
}

}  // namespace

void check_castable(at::Device device, at::ScalarType dtype, const at::Tensor& out) {
  TORCH_CHECK(device == out.device(), "Expected out tensor to have device ", device, ", but got ",
              out.device(), " instead");
  TORCH_CHECK(c10::canCast(dtype, out.scalar_type()), "result type ", dtype,
              " can't be cast to the desired output type ", out.scalar_type());
}

void check_floating(const char* op, const at::Tensor& out) {
  TORCH_CHECK(!at::isIntegralType(out.scalar_type(), /*includeBool=*/true), op,
              "(): expected an out of a floating-point or complex dtype, got ", out.scalar_type());
}

at::Tensor fit_cast(const at::Tensor& out, const Spec& spec) {
  check_castable(spec.device, spec.dtype, out);
  at::assert_no_internal_overlap(out);  // resizing would make it go away
  const bool resized = at::native::resize_output(out, spec.sizes);
  if (resized && !spec.strides.empty()) out.as_strided_(spec.sizes, spec.strides);
  return out.scalar_type() == spec.dtype ? out : make(spec);
}

bool repeats(const at::Tensor& tensor) {
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    if (is_repeated(tensor, dim)) return true;
  }
  return false;
}

at::Tensor distinct(const at::Tensor& tensor) {
  at::Tensor elements = tensor;
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    if (is_repeated(tensor, dim)) elements = elements.narrow(dim, 0, 1);
  }
  return elements;
}

at::Tensor distinct_mask(const at::Tensor& mask, const at::Tensor& tensor) {
  at::Tensor hits = mask.expand(tensor.sizes());
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    if (is_repeated(tensor, dim)) hits = hits.any(dim, /*keepdim=*/true);
  }
  return hits;
}

at::Tensor as_bits(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kComplexFloat ? tensor.view(at::kLong) : tensor;
}

}  // namespace at_npu
