#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/sorting.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

// The length of the result is data, so this waits for the device.
at::Tensor bincount(const at::Tensor& self, const std::optional<at::Tensor>& weights,
                    int64_t minlength) {
  TORCH_CHECK(minlength >= 0, "minlength should be >= 0");
  TORCH_CHECK(at::isIntegralType(self.scalar_type(), /*includeBool=*/false) && self.dim() == 1,
              "bincount only supports 1-d non-negative integral inputs.");
  const bool weighted = is_given(weights);
  TORCH_CHECK(!weighted || (weights->dim() == 1 && weights->size(0) == self.size(0)),
              "weights should be 1-d and have the same length as input");
  const c10_npu::NPUGuard guard(self.device());
  if (self.numel() == 0) return empty({minlength}, at::kLong, self.device()).zero_();
  TORCH_CHECK(self.min().item().toLong() >= 0,
              "bincount only supports 1-d non-negative integral inputs.");
  const int64_t length = std::max(self.max().item().toLong() + 1, minlength);
  if (!weighted) {
    const at::Tensor out = empty({length}, at::kLong, self.device());
    ACLNN_CALL(aclnnBincount, self, weights, minlength, out);
    return out;
  }
  const at::ScalarType dtype = weights->scalar_type() == at::kFloat ? at::kFloat : at::kDouble;
  const at::Tensor out = empty({length}, dtype, self.device());
  ACLNN_CALL(aclnnBincount, self, weights->to(dtype), minlength, out);
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) { m.impl("bincount", &bincount); }

}  // namespace at_npu
