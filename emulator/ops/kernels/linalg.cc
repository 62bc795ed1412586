#include "emulator/ops/functions/linalg.h"

#include <ATen/ops/_cdist_backward.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_inv_ex.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/linalg_svdvals.h>
#include <ATen/ops/pdist.h>
#include <ATen/ops/triangular_solve.h>

#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {

// compute_mode: 0 is ATen's "none given".
EMULATE(aclnnCdist, [](Tensor x1, Tensor x2, double p, int64_t mode, Tensor out) {
  out.copy_(at::cdist(wide(x1), wide(x2), p, mode));
})
EMULATE(aclnnCdistBackward, [](Tensor grad, Tensor x1, Tensor x2, Tensor distances, double p,
                               Tensor out) {
  out.copy_(at::_cdist_backward(wide(grad).contiguous(), wide(x1), wide(x2), p, wide(distances)));
})
EMULATE(aclnnPdist, [](Tensor self, double p, Tensor out) { out.copy_(at::pdist(wide(self), p)); })

// mode: 0 reduced, 1 complete, 2 R alone.
EMULATE(aclnnLinalgQr, [](Tensor self, int64_t mode, Tensor q, Tensor r) {
  TORCH_CHECK(mode >= 0 && mode <= 2, "mode is ", mode,
              "; it must be 0 (reduced), 1 (complete) or 2 (r).");
  const char* const names[] = {"reduced", "complete", "r"};
  const auto [of_q, of_r] = at::linalg_qr(wide(self), names[mode]);
  if (mode != 2) q.copy_(of_q);
  r.copy_(of_r);
})
EMULATE(aclnnSvd, [](Tensor self, bool full, bool with_vectors, Tensor sigma, Tensor u, Tensor v) {
  if (!with_vectors) {
    sigma.copy_(at::linalg_svdvals(self));
    return;
  }
  const auto [left, values, right] = at::linalg_svd(self, full);
  u.copy_(left);
  sigma.copy_(values);
  v.copy_(right.mH());
})
EMULATE(aclnnTriangularSolve, [](Tensor self, Tensor a, bool upper, bool transpose,
                                 bool unitriangular, Tensor x, Tensor m) {
  const auto [solution, copy] = at::triangular_solve(self, a, upper, transpose, unitriangular);
  x.copy_(solution);
  m.copy_(copy);
})
// A matrix without an inverse or factor gives numbers that are not finite.
EMULATE(aclnnInverse, [](Tensor self, Tensor out) {
  const auto [inverse, info] = at::linalg_inv_ex(wide(self));
  out.copy_(inverse.masked_fill(info.ne(0).unsqueeze(-1).unsqueeze(-1), INFINITY));
})
EMULATE(aclnnLinalgCholesky, [](Tensor self, bool upper, Tensor out) {
  const auto [factor, info] = at::linalg_cholesky_ex(wide(self), upper);
  out.copy_(factor.masked_fill(info.ne(0).unsqueeze(-1).unsqueeze(-1), NAN));
})

}  // namespace ascend_emulator
