#include <ATen/native/LinearAlgebraUtils.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/where.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <array>

#include "csrc/core/NPUGuard.h"

// exp(A) = exp(A / 2^s)^(2^s), with a Taylor polynomial for the small matrix. PyTorch's own kernel
// computes on the CPU's memory.
namespace at_npu {
namespace {

constexpr int kGroups = 4,
              kPowers = 4;      // degree 15: where the norm is 1, it leaves less than 1e-13
constexpr int64_t kMost = 127;  // squarings: no finite float32 norm needs more

// By Paterson and Stockmeyer: a polynomial in A^4 whose coefficients are polynomials of degree 3.
at::Tensor taylor(const at::Tensor& a) {
  std::array<at::Tensor, kPowers> powers{at::eye(a.size(-1), a.options()), a};
  for (int i = 2; i < kPowers; ++i) powers[i] = at::matmul(powers[i - 1], a);
  const at::Tensor step = at::matmul(powers[kPowers - 1], a);
  std::array<double, kGroups * kPowers> inverse_factorials{1};
  for (int i = 1; i < kGroups * kPowers; ++i) {
    inverse_factorials[i] = inverse_factorials[i - 1] / i;
  }
  at::Tensor sum;
  for (int group = kGroups - 1; group >= 0; --group) {
    at::Tensor part = powers[0].mul(inverse_factorials[group * kPowers]);
    for (int i = 1; i < kPowers; ++i) {
      part = part.add(powers[i], inverse_factorials[group * kPowers + i]);
    }
    sum = sum.defined() ? part.add(at::matmul(sum, step)) : part;
  }
  return sum;
}

at::Tensor linalg_matrix_exp(const at::Tensor& self) {
  at::native::squareCheckInputs(self, "linalg.matrix_exp");
  at::native::checkFloatingOrComplex(self, "linalg.matrix_exp", /*allow_low_precision=*/true);
  if (self.numel() == 0) return self.clone();
  const c10_npu::NPUGuard guard(self.device());
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastPrivateUse1);
  const bool narrow = self.element_size() < 4;
  const at::Tensor a = narrow ? self.to(at::kFloat) : self;
  const at::Tensor norm = a.abs().sum(-2, true).amax(-1, true);
  const at::Tensor squarings =
      norm.clamp_min(1).log2().ceil().nan_to_num(0, kMost).clamp_max(kMost);
  const auto most = squarings.max().item<int64_t>();
  at::Tensor result = taylor(a.div(squarings.exp2()));
  for (int64_t i = 0; i < most; ++i) {
    result = at::where(squarings.gt(i), at::matmul(result, result), result);
  }
  return narrow ? result.to(self.scalar_type()) : result;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) { m.impl("linalg_matrix_exp", &linalg_matrix_exp); }

}  // namespace at_npu
