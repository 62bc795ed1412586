#include <ATen/WrapDimUtils.h>
#include <ATen/ops/logaddexp.h>
#include <torch/library.h>

#include "csrc/aten/Outputs.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

// A scan in log2(n) steps: after each, an element holds the sum of twice as many before it.
at::Tensor scan(const at::Tensor& self, int64_t dim) {
  const c10_npu::NPUGuard guard(self.device());
  dim = at::maybe_wrap_dim(dim, self.dim());
  at::Tensor sums = self.clone(at::MemoryFormat::Contiguous);
  if (self.dim() == 0) return sums;
  for (int64_t step = 1; step < self.size(dim); step *= 2) {
    const at::Tensor added =
        at::logaddexp(sums.slice(dim, step), sums.slice(dim, 0, self.size(dim) - step));
    sums.slice(dim, step).copy_(added);
  }
  return sums;
}

at::Tensor& scan_out(const at::Tensor& self, int64_t dim, at::Tensor& out) {
  const at::Tensor result = scan(self, dim);
  const at::Tensor target = fit(out, sized(self, self.sizes()));
  target.copy_(result);
  give_back(target, out);
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_logcumsumexp", &scan);
  m.impl("_logcumsumexp.out", &scan_out);
}

}  // namespace at_npu
