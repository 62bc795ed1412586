#include <ATen/native/LinearAlgebraUtils.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/linalg.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

at::Tensor solve_triangular(const at::Tensor& a, const at::Tensor& b, bool upper, bool left,
                            bool unitriangular) {
  at::native::checkInputsSolver(a, b, left, "linalg.solve_triangular");
  const auto [wide_b, wide_a] = at::native::_linalg_broadcast_batch_dims(b, a, nullptr);
  // X A = B is A^T X^T = B^T.
  if (!left) return solve_triangular(wide_a.mT(), wide_b.mT(), !upper, true, unitriangular).mT();
  const c10_npu::NPUGuard guard(a.device());
  const at::Tensor out = new_like(wide_b), unused = new_like(wide_a);
  if (out.numel() != 0) {
    ACLNN_CALL(aclnnTriangularSolve, wide_b, wide_a, upper, /*transpose=*/false, unitriangular, out,
               unused);
  }
  return out;
}

at::Tensor& solve_triangular_out(const at::Tensor& a, const at::Tensor& b, bool upper, bool left,
                                 bool unitriangular, at::Tensor& out) {
  const at::Tensor result = solve_triangular(a, b, upper, left, unitriangular);
  give_back(result, fit(out, like(result)));
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("linalg_solve_triangular", &solve_triangular);
  m.impl("linalg_solve_triangular.out", &solve_triangular_out);
}

}  // namespace at_npu
