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
  m.impl("npu_format_cast_.acl_format", &npu_format_cast_);
}

}  // namespace at_npu::vendor
