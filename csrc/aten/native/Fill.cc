#include <ATen/MemoryOverlap.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/copy.h"
#include "csrc/aten/aclnn/unary.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

at::Tensor& fill_scalar(at::Tensor& self, const at::Scalar& value) {
  check_representable(value, self.scalar_type());
  at::assert_no_internal_overlap(self);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  ACLNN_CALL(aclnnInplaceFillScalar, self, value);
  return self;
}

at::Tensor& fill_tensor(at::Tensor& self, const at::Tensor& value) {
  TORCH_CHECK(value.dim() == 0, "fill_ only supports 0-dimension value tensor but got tensor with ",
              value.dim(), " dimensions.");
  if (value.is_cpu()) return fill_scalar(self, value.item());
  return self.copy_(value);  // broadcasts and casts on the device
}

at::Tensor& zero(at::Tensor& self) {
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  ACLNN_CALL(aclnnInplaceZero, self);
  return self;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("fill_.Scalar", &fill_scalar);
  m.impl("fill_.Tensor", &fill_tensor);
  m.impl("zero_", &zero);
}

}  // namespace at_npu
