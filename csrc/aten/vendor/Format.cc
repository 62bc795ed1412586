#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "acl/acl_base.h"
#include "csrc/aten/Formats.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/vendor/FormatRules.h"
#include "csrc/aten/vendor/QuantizationRules.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUGuard.h"

// Casts between memory formats: see format.yaml.
namespace at_npu::vendor {
namespace {

aclFormat format_of(const at::Tensor& tensor) {
  const c10_npu::FormattedMemory* memory = formatted_memory(tensor);
  return memory != nullptr ? memory->format : at_npu::base_format(tensor.dim());
}

int64_t get_npu_format(const at::Tensor& self) { return format_of(self); }

at::Tensor cast(const at::Tensor& self, int64_t format) {
  const c10_npu::NPUGuard guard(self.device());
  if (format == ACL_FORMAT_FRACTAL_NZ && self.numel() != 0) {
    return with_format(self, ACL_FORMAT_FRACTAL_NZ);
  }
  return make(same(self)).copy_(self);
}

at::Tensor npu_format_cast(const at::Tensor& self, int64_t acl_format,
                           std::optional<int64_t> customize_dtype,
                           std::optional<int64_t> input_dtype) {
  check_format("npu_format_cast", self.dim(), acl_format);
  check_no_dtypes("npu_format_cast", {customize_dtype, input_dtype});
  return cast(self, acl_format);
}

// The storage changes, and with it every tensor over it.
void cast_(const at::Tensor& self, int64_t format) {
  if (format != ACL_FORMAT_FRACTAL_NZ) return to_base_format_(self);
  if (formatted_memory(self) != nullptr || self.numel() == 0) return;
  const c10::Storage& storage = self.storage();
  TORCH_CHECK_NOT_IMPLEMENTED(
      self.is_contiguous() && self.storage_offset() == 0 && self.nbytes() == storage.nbytes(),
      "npu_format_cast_: the tensor is a view, other elements lie in its memory. Use "
      "npu_format_cast, which makes a copy.");
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor made = with_format(self, ACL_FORMAT_FRACTAL_NZ);
  c10_npu::NPUCachingAllocator::recordStream(storage.data_ptr(),
                                             c10_npu::getCurrentNPUStream(self.device().index()));
  storage.set_data_ptr_noswap(made.storage().set_data_ptr(c10::DataPtr()));
}

const at::Tensor& npu_format_cast_(const at::Tensor& self, int64_t acl_format,
                                   std::optional<int64_t> customize_dtype,
                                   std::optional<int64_t> input_dtype) {
  check_format("npu_format_cast_", self.dim(), acl_format);
  check_no_dtypes("npu_format_cast_", {customize_dtype, input_dtype});
  cast_(self, acl_format);
  return self;
}

at::Tensor npu_format_cast_like(const at::Tensor& input, const at::Tensor& dst,
                                std::optional<int64_t> customize_dtype,
                                std::optional<int64_t> input_dtype) {
  static const auto cast_to = c10::Dispatcher::singleton()
                                  .findSchemaOrThrow("npu::npu_format_cast", "")
                                  .typed<decltype(npu_format_cast)>();
  const bool is_nz = is_fractal_nz(dst);
  return cast_to.call(input, is_nz ? ACL_FORMAT_FRACTAL_NZ : at_npu::base_format(input.dim()),
                      customize_dtype, input_dtype);
}

const at::Tensor& npu_format_cast_from(const at::Tensor& input, const at::Tensor& src,
                                       std::optional<int64_t> customize_dtype,
                                       std::optional<int64_t> input_dtype) {
  check_alike("npu_format_cast_", "src", src, "input", input);
  check_no_dtypes("npu_format_cast_", {customize_dtype, input_dtype});
  const aclFormat format = format_of(input);
  input.copy_(src);
  cast_(input, format);
  return input;
}

at::Tensor empty_with_format(at::IntArrayRef size, std::optional<at::ScalarType> dtype,
                             std::optional<at::Layout> layout, std::optional<at::Device> device,
                             std::optional<bool> pin_memory, int64_t acl_format,
                             std::optional<int64_t> base_addr_aligned_kb) {
  constexpr char op[] = "empty_with_format";
  check_format(op, static_cast<int64_t>(size.size()), acl_format);
  TORCH_CHECK_NOT_IMPLEMENTED(!base_addr_aligned_kb.has_value(), op,
                              ": base_addr_aligned_kb is not supported. Leave it out.");
  at::Tensor result =
      at::empty(size, dtype, layout, device.value_or(at::kPrivateUse1), pin_memory, std::nullopt);
  // A fake tensor has no memory.
  return result.is_privateuseone() && acl_format == ACL_FORMAT_FRACTAL_NZ ? cast(result, acl_format)
                                                                          : result;
}

at::Tensor empty_with_swapped_memory(at::IntArrayRef, std::optional<at::ScalarType>,
                                     std::optional<at::Device>) {
  TORCH_CHECK_NOT_IMPLEMENTED(false,
                              "empty_with_swapped_memory: NPU tensors in the host's memory are not "
                              "supported. Keep the values in a pinned CPU tensor, and copy it with "
                              "non_blocking=True.");
}

}  // namespace

int64_t base_format(int64_t dims) { return at_npu::base_format(dims); }

void check_format(const char* op, int64_t dims, int64_t format) {
  const bool is_nz = format == ACL_FORMAT_FRACTAL_NZ && dims >= 2 && dims <= 6;
  TORCH_CHECK_NOT_IMPLEMENTED(is_nz || format == ACL_FORMAT_ND || format == base_format(dims), op,
                              ": memory format ", format, " is not supported for a tensor of ",
                              dims, " dimensions. Use ND (", static_cast<int>(ACL_FORMAT_ND),
                              ") or, with two to six dimensions, FRACTAL_NZ (",
                              static_cast<int>(ACL_FORMAT_FRACTAL_NZ), ").");
}

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("get_npu_format", &get_npu_format);
  m.impl("npu_format_cast", &npu_format_cast);
  m.impl("npu_format_cast_", &npu_format_cast_from);
  m.impl("npu_format_cast_.acl_format", &npu_format_cast_);
}
TORCH_LIBRARY_IMPL(npu, CompositeImplicitAutograd, m) {
  m.impl("npu_format_cast.Tensor", &npu_format_cast_like);
}
TORCH_LIBRARY_IMPL(npu, CompositeExplicitAutograd, m) {
  m.impl("empty_with_format", &empty_with_format);
  m.impl("empty_with_swapped_memory", &empty_with_swapped_memory);
}

}  // namespace at_npu::vendor
