#include <ATen/ExpandUtils.h>
#include <ATen/MemoryOverlap.h>
#include <torch/library.h>

#include "aclnn/aclnn_base.h"
#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/indexing.h"
#include "csrc/aten/aclnn/reduction.h"
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

// `size` rows: the first hits, and `fill_value` in what is left.
at::Tensor nonzero_rows(const at::Tensor& self, int64_t size, int64_t fill_value) {
  TORCH_CHECK(size >= 0, "nonzero_static: 'size' must be an non-negative integer");
  const at::Tensor hits = self.nonzero();
  const int64_t rows = std::min(size, hits.size(0));
  at::Tensor out = empty({size, self.dim()}, at::kLong, self.device()).fill_(fill_value);
  out.slice(0, 0, rows).copy_(hits.slice(0, 0, rows));
  return out;
}

at::Tensor& nonzero_rows_out(const at::Tensor& self, int64_t size, int64_t fill_value,
                             at::Tensor& out) {
  const at::Tensor result = nonzero_rows(self, size, fill_value);
  give_back(result, fit(out, sized(self, result.sizes(), at::kLong)));
  return out;
}

at::Tensor masked_elements(const at::Tensor& self, const at::Tensor& mask) {
  TORCH_CHECK(mask.scalar_type() == at::kBool, "masked_select: expected BoolTensor for mask, got ",
              mask.scalar_type());
  TORCH_CHECK(mask.device() == self.device(),
              "Expected all tensors to be on the same device, but masked_select got its mask on ",
              mask.device(), " and its input on ", self.device(), ".");
  const c10_npu::NPUGuard guard(self.device());
  const auto [wide_mask, wide_self] = at::expand_outplace(mask, self, "masked_select");
  const int64_t hits = wide_mask->numel() == 0 ? 0 : count_hits(*wide_mask);
  const at::Tensor result = make(sized(self, {hits}));
  if (hits != 0) ACLNN_CALL(aclnnMaskedSelect, *wide_self, *wide_mask, result);
  return result;
}

at::Tensor& masked_elements_out(const at::Tensor& self, const at::Tensor& mask, at::Tensor& out) {
  TORCH_CHECK(self.scalar_type() == out.scalar_type(),
              "masked_select(): self and result must have the same scalar type");
  at::assert_no_internal_overlap(out);
  const at::Tensor result = masked_elements(self, mask);
  check_overlap(out, self, mask);
  return copy_out(result, out);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("nonzero", &nonzero);
  m.impl("nonzero.out", &nonzero_out);
  m.impl("nonzero_static", &nonzero_rows);
  m.impl("nonzero_static.out", &nonzero_rows_out);
  m.impl("masked_select", &masked_elements);
  m.impl("masked_select.out", &masked_elements_out);
}

}  // namespace at_npu
