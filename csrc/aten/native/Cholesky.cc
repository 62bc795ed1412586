#include <ATen/native/LinearAlgebraUtils.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_cholesky.h>
#include <ATen/ops/linalg_solve_triangular.h>
#include <torch/library.h>

#include "csrc/aten/Outputs.h"

// The older names around Cholesky factors, in terms of the newer ones.
namespace at_npu {
namespace {

at::Tensor factor_of(const at::Tensor& self, bool upper) {
  if (self.numel() == 0) return at::empty_like(self);  // of any shape, as on the CPU
  return at::linalg_cholesky(self, upper);
}

at::Tensor& cholesky_out(const at::Tensor& self, bool upper, at::Tensor& out) {
  return copy_out(factor_of(self, upper), out);
}

// (L L^H) X = B, or (U^H U) X = B
at::Tensor solve(const at::Tensor& b, const at::Tensor& factor, bool upper) {
  const at::Tensor first = upper ? factor.mH() : factor, second = upper ? factor : factor.mH();
  const at::Tensor half = at::linalg_solve_triangular(first, b, /*upper=*/false);
  return at::linalg_solve_triangular(second, half, /*upper=*/true);
}

at::Tensor inverse_of(const at::Tensor& self, bool upper) {
  at::native::squareCheckInputs(self, "cholesky_inverse");
  const at::Tensor factor = upper ? self.triu() : self.tril();
  return solve(at::eye(self.size(-1), self.options()).expand_as(self), factor, upper);
}

at::Tensor& cholesky_inverse_out(const at::Tensor& self, bool upper, at::Tensor& out) {
  return copy_out(inverse_of(self, upper), out);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("cholesky", &factor_of);
  m.impl("cholesky.out", &cholesky_out);
  m.impl("cholesky_inverse", &inverse_of);
  m.impl("cholesky_inverse.out", &cholesky_inverse_out);
  m.impl("_cholesky_solve_helper", &solve);
}

}  // namespace at_npu
