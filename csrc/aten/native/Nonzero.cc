#include <ATen/ExpandUtils.h>
#include <torch/library.h>

#include "aclnn/aclnn_base.h"
#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/core/NPUGuard.h"

// Operators whose output size depends on the data. The number of hits is counted first and read
// back, so they wait for the device; the output then has its final size.
namespace at_npu {
namespace {

int64_t count_hits(const at::Tensor& mask) {
  const at::Tensor count = empty({}, at::kLong, mask.device());
  ACLNN_CALL(aclnnReduceSum, mask, all_dims(mask), false, at::kLong, count);
  return count.item().toLong();
}

at::Tensor& nonzero_out(const at::Tensor& self, at::Tensor& out) {
  TORCH_CHECK(out.scalar_type() == at::kLong,
              "nonzero: Expected out tensor to have scalar type Long but got scalar type ",
              out.scalar_type());
  TORCH_CHECK(out.device() == self.device(),
              "expected self and out to be on the same device, but "
              "got out on ",
              out.device(), " and self on ", self.device());
  const c10_npu::NPUGuard guard(self.device());
  const int64_t hits = self.numel() == 0 ? 0 : count_hits(self.ne(0));
  const at::Tensor result = fit(out, sized(self, {hits, self.dim()}, at::kLong));
  if (result.numel() != 0) ACLNN_CALL(aclnnNonzero, self, result);
  give_back(result, out);
  return out;
}

at::Tensor nonzero(const at::Tensor& self) {
  at::Tensor out = empty({0}, at::kLong, self.device());
  return nonzero_out(self, out);
}

at::Tensor& masked_select_out(const at::Tensor& self, const at::Tensor& mask, at::Tensor& out) {
  TORCH_CHECK(mask.scalar_type() == at::kBool, "masked_select: expected BoolTensor for mask, got ",
              mask.scalar_type());
  TORCH_CHECK(self.scalar_type() == out.scalar_type(),
              "masked_select(): self and result must have the same scalar type");
  const c10_npu::NPUGuard guard(self.device());
  const auto [wide_mask, wide_self] = at::expand_outplace(mask, self, "masked_select");
  const int64_t hits = wide_mask->numel() == 0 ? 0 : count_hits(*wide_mask);
  const at::Tensor result = fit(out, sized(self, {hits}));
  check_overlap(out, self, mask);
  if (hits != 0) ACLNN_CALL(aclnnMaskedSelect, *wide_self, *wide_mask, result);
  give_back(result, out);
  return out;
}

at::Tensor masked_select(const at::Tensor& self, const at::Tensor& mask) {
  at::Tensor out = empty({0}, self.scalar_type(), self.device());
  return masked_select_out(self, mask, out);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("nonzero", &nonzero);
  m.impl("nonzero.out", &nonzero_out);
  m.impl("masked_select", &masked_select);
  m.impl("masked_select.out", &masked_select_out);
}

}  // namespace at_npu
