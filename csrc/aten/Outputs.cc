#include "csrc/aten/Outputs.h"

#include <ATen/EmptyTensor.h>
#include <ATen/ExpandUtils.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/native/Resize.h>
#include <c10/core/CPUAllocator.h>

#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

constexpr c10::DispatchKeySet kKeys(c10::DispatchKey::PrivateUse1);

void check_device(const at::Tensor& out, at::Device device) {
  TORCH_CHECK(device == out.device(), "Expected out tensor to have device ", device, ", but got ",
              out.device(), " instead");
}

}  // namespace

at::Tensor empty(at::IntArrayRef sizes, at::ScalarType dtype, at::Device device,
                 std::optional<at::MemoryFormat> format) {
  c10_npu::lazy_init();
  const c10_npu::NPUGuard guard(device);
  return at::detail::empty_generic(sizes, c10_npu::NPUCachingAllocator::get(), kKeys, dtype,
                                   format);
}

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType dtype,
                         at::Device device) {
  c10_npu::lazy_init();
  const c10_npu::NPUGuard guard(device);
  return at::detail::empty_strided_generic(sizes, strides, c10_npu::NPUCachingAllocator::get(),
                                           kKeys, dtype);
}

at::Tensor new_like(const at::Tensor& like) {
  return empty(like.sizes(), like.scalar_type(), like.device());
}

at::Tensor new_like(const at::Tensor& like, at::ScalarType dtype) {
  return empty(like.sizes(), dtype, like.device());
}

at::Tensor new_like(const at::Tensor& like, at::IntArrayRef sizes) {
  return empty(sizes, like.scalar_type(), like.device());
}

void check_npu(at::Device device) {
  TORCH_CHECK(device.is_privateuseone(),
              "Expected all tensors to be on the same device, but found at least two devices, npu "
              "and ",
              device, ". Move the tensor with .npu().");
}

at::Tensor create_output(at::IntArrayRef sizes, at::IntArrayRef strides,
                         const at::TensorOptions& options) {
  const at::ScalarType dtype = c10::typeMetaToScalarType(options.dtype());
  if (strides.empty()) return empty(sizes, dtype, options.device(), options.memory_format_opt());
  return empty_strided(sizes, strides, dtype, options.device());
}

void resize_output(const at::Tensor& out, at::IntArrayRef sizes, at::IntArrayRef strides,
                   const at::TensorOptions& options) {
  TORCH_CHECK(options.dtype() == out.dtype(), "Expected out tensor to have dtype ", options.dtype(),
              ", but got ", out.dtype(), " instead");
  TORCH_CHECK(options.device() == out.device(), "Expected out tensor to have device ",
              options.device(), ", but got ", out.device(), " instead");
  if (!at::native::resize_output(out, sizes)) return;
  if (!strides.empty()) {
    out.as_strided_(sizes, strides);
  } else if (options.memory_format_opt().has_value()) {
    out.unsafeGetTensorImpl()->empty_tensor_restride(*options.memory_format_opt());
  }
}

void check_inplace(const at::Tensor& self, at::IntArrayRef sizes,
                   const at::TensorOptions& options) {
  TORCH_CHECK(options.dtype() == self.dtype(), "Bad in-place call: input tensor dtype ",
              self.dtype(), " and output tensor dtype ", options.dtype(), " should match");
  TORCH_CHECK(options.device() == self.device(), "Bad in-place call: input tensor device ",
              self.device(), " and output tensor device ", options.device(), " should match");
  TORCH_CHECK(sizes == self.sizes(), "Bad in-place call: input tensor size ", self.sizes(),
              " and output tensor size ", sizes, " should match");
}

std::optional<at::Tensor> maybe_create_proxy(const at::Tensor& out, at::IntArrayRef sizes,
                                             at::IntArrayRef strides,
                                             const at::TensorOptions& options) {
  if (strides.empty() || out.strides() == strides) return std::nullopt;
  return create_output(sizes, strides, options);
}

std::unique_ptr<at::Tensor> Cast::convert(const at::Tensor& tensor, at::ScalarType dtype,
                                          at::Device device) {
  const at::ScalarType type = dtype == at::ScalarType::Undefined ? tensor.scalar_type() : dtype;
  if (tensor.is_privateuseone()) return std::make_unique<at::Tensor>(tensor.to(type));
  // Other CPU tensors go on as they are: the call refuses them and says which argument it was.
  if (!tensor.is_cpu() || tensor.dim() != 0) return nullptr;
  auto scalar = std::make_unique<at::Tensor>(empty({}, type, device));
  scalar->fill_(tensor.item());
  return scalar;
}

Spec like(const at::Tensor& tensor) { return like(tensor, tensor.scalar_type()); }

Spec like(const at::Tensor& tensor, at::ScalarType dtype) {
  Spec spec = sized(tensor, tensor.sizes(), dtype);
  if (!tensor.is_contiguous()) {
    const auto strides = at::infer_dense_strides(tensor.sizes(), tensor.strides());
    spec.strides.assign(strides.begin(), strides.end());
  }
  return spec;
}

Spec sized(const at::Tensor& tensor, at::IntArrayRef sizes) {
  return sized(tensor, sizes, tensor.scalar_type());
}

Spec sized(const at::Tensor& tensor, at::IntArrayRef sizes, at::ScalarType dtype) {
  return {{sizes.begin(), sizes.end()}, dtype, tensor.device(), {}};
}

at::Tensor make(const Spec& spec) {
  check_npu(spec.device);
  if (spec.strides.empty()) return empty(spec.sizes, spec.dtype, spec.device);
  return empty_strided(spec.sizes, spec.strides, spec.dtype, spec.device);
}

at::Tensor fit(const at::Tensor& out, const Spec& spec) {
  check_device(out, spec.device);
  TORCH_CHECK(spec.dtype == out.scalar_type(), "Expected out tensor to have dtype ", spec.dtype,
              ", but got ", out.scalar_type(), " instead");
  at::assert_no_internal_overlap(out);  // resizing would make it go away
  const bool resized = at::native::resize_output(out, spec.sizes);
  if (resized && !spec.strides.empty()) out.as_strided_(spec.sizes, spec.strides);
  return out;
}

at::Tensor fit_inplace(const at::Tensor& self, const Spec& spec) {
  TORCH_CHECK(self.sizes() == at::IntArrayRef(spec.sizes), "output with shape ", self.sizes(),
              " doesn't match the broadcast shape ", at::IntArrayRef(spec.sizes));
  return fit(self, spec);
}

at::Tensor& copy_out(const at::Tensor& result, at::Tensor& out) {
  check_device(out, result.device());
  TORCH_CHECK(c10::canCast(result.scalar_type(), out.scalar_type()), "result type ",
              result.scalar_type(), " can't be cast to the desired output type ",
              out.scalar_type());
  at::assert_no_internal_overlap(out);
  at::native::resize_output(out, result.sizes());
  return out.copy_(result);
}

void give_back(const at::Tensor& computed, const at::Tensor& out) {
  if (!computed.is_same(out)) out.copy_(computed);
}

}  // namespace at_npu
