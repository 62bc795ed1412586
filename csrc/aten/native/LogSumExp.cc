#include <ATen/ops/logsumexp_native.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/reduction.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

// The function has no complex numbers and does not say what it makes of nothing: PyTorch composes
// those.
at::Tensor logsumexp(const at::Tensor& self, at::IntArrayRef dim, bool keepdim) {
  const c10_npu::NPUGuard guard(self.device());
  const at::ScalarType dtype = at::isIntegralType(self.scalar_type(), /*includeBool=*/true)
                                   ? at::typeMetaToScalarType(at::get_default_dtype())
                                   : self.scalar_type();
  if (self.is_complex() || self.numel() == 0) {
    at::Tensor composed = make(sized(self, {0}, dtype));
    // Not PyTorch's logsumexp, which calls the one below, and so this one for ever.
    return at::native::logsumexp_out(self, dim, keepdim, composed);
  }
  const at::Tensor out = make(reduced(self, dim, keepdim, dtype));
  ACLNN_CALL(aclnnLogSumExp, self, dims_or_all(dim, self), keepdim, out);
  return out;
}

at::Tensor& logsumexp_out(const at::Tensor& self, at::IntArrayRef dim, bool keepdim,
                          at::Tensor& out) {
  TORCH_CHECK(
      at::isFloatingType(out.scalar_type()) || at::isComplexType(out.scalar_type()),
      "logsumexp(): Expected floating point type for result tensor, but got: ", out.scalar_type());
  return copy_out(logsumexp(self, dim, keepdim), out);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("logsumexp", &logsumexp);
  m.impl("logsumexp.out", &logsumexp_out);
}

}  // namespace at_npu
