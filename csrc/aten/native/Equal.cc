#include <ATen/ops/view_as_real.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/comparison.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

// Waits for the device: the answer is a bool on the host.
bool same_values(const at::Tensor& self, const at::Tensor& other) {
  TORCH_CHECK(self.device() == other.device(),
              "Cannot compare two tensors on different devices. Got: ", self.device(), " and ",
              other.device());
  TORCH_CHECK(self.scalar_type() == other.scalar_type(), "Expected object of data type ",
              self.scalar_type(), " but got data type ", other.scalar_type(),
              " for argument 'other' in call to equal");
  if (self.sizes() != other.sizes()) return false;
  if (self.numel() == 0) return true;
  if (self.is_complex()) {
    return same_values(at::view_as_real(self.resolve_conj()),
                       at::view_as_real(other.resolve_conj()));
  }
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor out = empty({1}, at::kBool, self.device());
  ACLNN_CALL(aclnnEqual, self, other, out);
  return out.item().toBool();
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) { m.impl("equal", &same_values); }

}  // namespace at_npu
