#include <ATen/ops/_foreach_norm_native.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Foreach.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/foreach.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

// The norm of each tensor: parts of one result, as clip_grad_norm_ stacks them.
std::vector<at::Tensor> foreach_norm(at::TensorList self, const at::Scalar& ord,
                                     std::optional<at::ScalarType> dtype) {
  const double order = ord.isComplex() ? 0 : ord.toDouble();
  if ((order != 1 && order != 2) || dtype.has_value() ||
      !is_one_call(aclnn::parameters::aclnnForeachNorm[0], {self})) {
    return at::native::foreach_tensor_norm_slow(self, ord, dtype);
  }
  const c10_npu::NPUGuard guard(self[0].device());
  const auto count = static_cast<int64_t>(self.size());
  const std::vector<at::Tensor> norms = new_like(self[0], at::IntArrayRef({count})).unbind(0);
  in_parts(self.size(), [&](const auto& part) {
    ACLNN_CALL(aclnnForeachNorm, part(self), at::Scalar(order), part(at::TensorList(norms)));
  });
  return norms;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) { m.impl("_foreach_norm.Scalar", &foreach_norm); }

}  // namespace at_npu
