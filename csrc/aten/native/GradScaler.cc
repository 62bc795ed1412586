#include <ATen/ops/where.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Foreach.h"
#include "csrc/aten/aclnn/foreach.h"
#include "csrc/core/NPUGuard.h"

// The two steps of torch.amp.GradScaler. Neither waits for the device.
namespace at_npu {
namespace {

void check_on_same_npu(const at::Tensor& tensor, const at::Tensor& like, const char* name) {
  TORCH_CHECK(tensor.device() == like.device(), name, " must be on ", like.device(), ", got ",
              tensor.device());
  TORCH_CHECK(tensor.numel() == 1, name, " must be a 1-element tensor.");
}

void check_float(const at::Tensor& tensor, const char* name) {
  TORCH_CHECK(tensor.scalar_type() == at::kFloat, name, " must be a float tensor.");
}

void unscale(at::TensorList grads, at::Tensor& found_inf, const at::Tensor& inv_scale) {
  if (grads.empty()) return;
  check_on_same_npu(inv_scale, grads[0], "inv_scale");
  check_on_same_npu(found_inf, grads[0], "found_inf");
  check_float(inv_scale, "inv_scale");
  check_float(found_inf, "found_inf");
  const c10_npu::NPUGuard guard(grads[0].device());
  in_parts(grads.size(), [&](const auto& part) {
    ACLNN_CALL(aclnnForeachNonFiniteCheckAndUnscale, part(grads), found_inf, inv_scale);
  });
}

// A composition, of one-element tensors: third_party/cann does not declare aclnnAmpUpdateScale.
at::Tensor& update_scale(at::Tensor& scale, at::Tensor& growth_tracker, const at::Tensor& found_inf,
                         double growth_factor, double backoff_factor, int64_t growth_interval) {
  check_on_same_npu(growth_tracker, scale, "growth_tracker");
  check_on_same_npu(found_inf, scale, "found_inf");
  check_float(scale, "current_scale");
  check_float(found_inf, "found_inf");
  TORCH_CHECK(growth_tracker.scalar_type() == at::kInt, "growth_tracker must be an int tensor.");
  const c10_npu::NPUGuard guard(scale.device());
  const at::Tensor overflow = found_inf.ne(0);
  const at::Tensor steps = growth_tracker.add(1);
  const at::Tensor is_due = steps.eq(growth_interval);
  const at::Tensor grown = scale.mul(growth_factor);
  const at::Tensor kept = at::where(is_due.logical_and(grown.isfinite()), grown, scale);
  scale.copy_(at::where(overflow, scale.mul(backoff_factor), kept));
  growth_tracker.copy_(steps.mul(overflow.logical_or(is_due).logical_not()));
  return scale;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_amp_foreach_non_finite_check_and_unscale_", &unscale);
  m.impl("_amp_update_scale_", &update_scale);
}

}  // namespace at_npu
