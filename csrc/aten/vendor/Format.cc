#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "acl/acl_base.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/vendor/FormatRules.h"
#include "csrc/aten/vendor/QuantizationRules.h"
#include "csrc/core/NPUGuard.h"

// No aclnn call behind these: see format.yaml.
namespace at_npu::vendor {
namespace {

int64_t get_npu_format(const at::Tensor& self) { return base_format(self.dim()); }

at::Tensor npu_format_cast(const at::Tensor& self, int64_t acl_format,
                           std::optional<int64_t> customize_dtype,
                           std::optional<int64_t> input_dtype) {
  check_format("npu_format_cast", self.dim(), acl_format);
  check_no_dtypes("npu_format_cast", {customize_dtype, input_dtype});
  const c10_npu::NPUGuard guard(self.device());
  return make(same(self)).copy_(self);
}

const at::Tensor& npu_format_cast_(const at::Tensor& self, int64_t acl_format,
                                   std::optional<int64_t> customize_dtype,
                                   std::optional<int64_t> input_dtype) {
  check_format("npu_format_cast_", self.dim(), acl_format);
  check_no_dtypes("npu_format_cast_", {customize_dtype, input_dtype});
  return self;
}

at::Tensor npu_format_cast_like(const at::Tensor& input, const at::Tensor& /*dst*/,
                                std::optional<int64_t> customize_dtype,
                                std::optional<int64_t> input_dtype) {
  return npu_format_cast(input, base_format(input.dim()), customize_dtype, input_dtype);
}

const at::Tensor& npu_format_cast_from(const at::Tensor& input, const at::Tensor& src,
                                       std::optional<int64_t> customize_dtype,
                                       std::optional<int64_t> input_dtype) {
  check_alike("npu_format_cast_", "src", src, "input", input);
  check_no_dtypes("npu_format_cast_", {customize_dtype, input_dtype});
  return input.copy_(src);
}

at::Tensor empty_with_format(at::IntArrayRef size, std::optional<at::ScalarType> dtype,
                             std::optional<at::Layout> layout, std::optional<at::Device> device,
                             std::optional<bool> pin_memory, int64_t acl_format,
                             std::optional<int64_t> base_addr_aligned_kb) {
  constexpr char op[] = "empty_with_format";
  check_format(op, static_cast<int64_t>(size.size()), acl_format);
  TORCH_CHECK_NOT_IMPLEMENTED(!base_addr_aligned_kb.has_value(), op,
                              ": base_addr_aligned_kb is not supported. Leave it out.");
  return at::empty(size, dtype, layout, device.value_or(at::kPrivateUse1), pin_memory,
                   std::nullopt);
}

at::Tensor empty_with_swapped_memory(at::IntArrayRef, std::optional<at::ScalarType>,
                                     std::optional<at::Device>) {
  TORCH_CHECK_NOT_IMPLEMENTED(false,
                              "empty_with_swapped_memory: NPU tensors in the host's memory are not "
                              "supported. Keep the values in a pinned CPU tensor, and copy it with "
                              "non_blocking=True.");
}

}  // namespace

int64_t base_format(int64_t dims) {
  return dims == 4 ? ACL_FORMAT_NCHW : dims == 5 ? ACL_FORMAT_NCDHW : ACL_FORMAT_ND;
}

void check_format(const char* op, int64_t dims, int64_t format) {
  TORCH_CHECK_NOT_IMPLEMENTED(format == ACL_FORMAT_ND || format == base_format(dims), op,
                              ": memory format ", format, " is not supported for a tensor of ",
                              dims, " dimensions. Operators take ND (",
                              static_cast<int>(ACL_FORMAT_ND), ") everywhere: leave the cast out.");
}

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("get_npu_format", &get_npu_format);
  m.impl("npu_format_cast", &npu_format_cast);
  m.impl("npu_format_cast.Tensor", &npu_format_cast_like);
  m.impl("npu_format_cast_", &npu_format_cast_from);
  m.impl("npu_format_cast_.acl_format", &npu_format_cast_);
}
TORCH_LIBRARY_IMPL(npu, CompositeExplicitAutograd, m) {
  m.impl("empty_with_format", &empty_with_format);
  m.impl("empty_with_swapped_memory", &empty_with_swapped_memory);
}

}  // namespace at_npu::vendor
