#include <ATen/ops/_cdist_backward.h>
#include <ATen/ops/triu_indices.h>
#include <torch/library.h>

#include "csrc/aten/Outputs.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

// The pairs put into a symmetric matrix, of which _cdist_backward knows the derivative.
at::Tensor pdist_backward(const at::Tensor& grad, const at::Tensor& self, double p,
                          const at::Tensor& distances) {
  const c10_npu::NPUGuard guard(self.device());
  const int64_t rows = self.size(0);
  if (rows < 2 || self.numel() == 0) return new_like(self).zero_();
  const at::Tensor pairs = at::triu_indices(rows, rows, 1, self.options().dtype(at::kLong));
  const auto matrix = [&](const at::Tensor& values) {
    const at::Tensor upper = new_like(self, at::IntArrayRef({rows * rows})).zero_();
    upper.index_copy_(0, pairs[0].mul(rows).add_(pairs[1]), values);
    const at::Tensor square = upper.view({rows, rows});
    return square.add(square.t());
  };
  return at::_cdist_backward(matrix(grad), self, self, p, matrix(distances));
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) { m.impl("_pdist_backward", &pdist_backward); }

}  // namespace at_npu
