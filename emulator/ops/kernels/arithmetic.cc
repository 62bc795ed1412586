#include "emulator/ops/functions/arithmetic.h"

#include <ATen/ops/add.h>
#include <ATen/ops/addcdiv.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/div.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/fmod.h>
#include <ATen/ops/gcd.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/sub.h>

#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {
namespace {

// An integer divided by 0 gives -1, as quotient and as remainder: the hardware yields some number
// that nobody specifies, ATen throws.
template <class Division>
Tensor divide(const Tensor& self, const Tensor& other, Division op) {
  const Tensor left = numeric(self), right = numeric(other);
  if (!c10::isIntegralType(at::result_type(left, right), false)) return op(left, right);
  const Tensor zero = at::eq(right, 0);
  return op(left, right.masked_fill(zero, 1)).masked_fill_(zero, -1);
}

// ATen's truncating division of integers traps if the quotient overflows.
Tensor truncated(const Tensor& self, const Tensor& other) {
  if (!is_integral(self) || !is_integral(other)) return at::div(self, other, "trunc");
  return at::floor_divide(at::sub(self, at::fmod(self, other)), other);
}

Tensor floored(const Tensor& self, const Tensor& other) { return at::floor_divide(self, other); }

// aclnnDivMod's mode.
Tensor quotient(const Tensor& self, const Tensor& other, int64_t mode) {
  TORCH_CHECK(mode >= 0 && mode <= 2, "mode is ", mode,
              "; it must be 0 (true division), 1 (truncated) or 2 (floor).");
  if (mode == 0) return at::div(self, other);
  return divide(self, other, mode == 1 ? truncated : floored);
}

// self + value * a / b; ATen divides no integers here.
void add_quotient(Tensor& out, const Tensor& self, const Tensor& a, const Tensor& b,
                  const Scalar& value) {
  if (is_integral(out)) {
    out.copy_(at::addcdiv(self.to(at::kDouble), a.to(at::kDouble), b, value));
  } else {
    at::addcdiv_out(out, self, a, b, value);
  }
}

}  // namespace

// self ± alpha * other; `as` makes of an operand what ATen computes with.
#define EMULATE_SUM(function, Other, op, as)                                            \
  EMULATE(function, broadcast, [](Tensor self, Other other, Scalar alpha, Tensor out) { \
    const Tensor left = as(self), right = as(operand(other));                           \
    STORE(out, op, left, right, factor(alpha, at::result_type(left, right)));           \
  })
#define EMULATE_SUM_IN_PLACE(function, Other, op, as)                          \
  EMULATE(function, broadcast, [](Tensor self, Other other, Scalar alpha) {    \
    const Tensor left = as(self), right = as(operand(other));                  \
    STORE(self, op, left, right, factor(alpha, at::result_type(left, right))); \
  })
#define EMULATE_DIVISION(function, Other, op)                                                   \
  EMULATE(function, broadcast, [](Tensor self, Other other, Tensor out) {                       \
    out.copy_(divide(self, operand(other),                                                      \
                     [](const Tensor& left, const Tensor& right) { return op(left, right); })); \
  })

EMULATE_SUM(aclnnAdd, Tensor, add, operand)
EMULATE_SUM(aclnnAdds, Scalar, add, operand)
EMULATE_SUM(aclnnSub, Tensor, sub, numeric)
EMULATE_SUM(aclnnSubs, Scalar, sub, numeric)
EMULATE_SUM_IN_PLACE(aclnnInplaceAdd, Tensor, add, operand)
EMULATE_SUM_IN_PLACE(aclnnInplaceAdds, Scalar, add, operand)
EMULATE_SUM_IN_PLACE(aclnnInplaceSub, Tensor, sub, numeric)
EMULATE_SUM_IN_PLACE(aclnnInplaceSubs, Scalar, sub, numeric)

EMULATE(aclnnRsub, broadcast, [](Tensor self, Tensor other, Scalar alpha, Tensor out) {
  out.copy_(at::rsub(self, other, alpha));
})
EMULATE(aclnnRsubs, broadcast, [](Tensor self, Scalar other, Scalar alpha, Tensor out) {
  out.copy_(at::rsub(self, operand(other), alpha));
})

EMULATE_BINARY(aclnnMul, Tensor, mul)
EMULATE_BINARY(aclnnMuls, Scalar, mul)
EMULATE_BINARY(aclnnDiv, Tensor, div)
EMULATE_BINARY(aclnnDivs, Scalar, div)
EMULATE_BINARY_IN_PLACE(aclnnInplaceMul, Tensor, mul)
EMULATE_BINARY_IN_PLACE(aclnnInplaceMuls, Scalar, mul)
EMULATE_BINARY_IN_PLACE(aclnnInplaceDiv, Tensor, div)
EMULATE_BINARY_IN_PLACE(aclnnInplaceDivs, Scalar, div)

EMULATE(aclnnDivMod, broadcast, [](Tensor self, Tensor other, int64_t mode, Tensor out) {
  out.copy_(quotient(self, other, mode));
})
EMULATE(aclnnDivMods, broadcast, [](Tensor self, Scalar other, int64_t mode, Tensor out) {
  out.copy_(quotient(self, operand(other), mode));
})
EMULATE_DIVISION(aclnnFloorDivide, Tensor, at::floor_divide)
EMULATE_DIVISION(aclnnFloorDivides, Scalar, at::floor_divide)
EMULATE_DIVISION(aclnnRemainderTensorTensor, Tensor, at::remainder)
EMULATE_DIVISION(aclnnRemainderTensorScalar, Scalar, at::remainder)
EMULATE_DIVISION(aclnnFmodTensor, Tensor, at::fmod)
EMULATE_DIVISION(aclnnFmodScalar, Scalar, at::fmod)
EMULATE_BINARY(aclnnGcd, Tensor, gcd)
EMULATE_BINARY(aclnnMaximum, Tensor, maximum)
EMULATE_BINARY(aclnnMinimum, Tensor, minimum)

EMULATE(aclnnPowTensorScalar, broadcast,
        [](Tensor self, Scalar exponent, Tensor out) { STORE(out, pow, numeric(self), exponent); })
EMULATE(aclnnPowTensorTensor, broadcast, [](Tensor self, Tensor exponent, Tensor out) {
  STORE(out, pow, numeric(self), numeric(exponent));
})
EMULATE(aclnnPowScalarTensor, broadcast,
        [](Scalar self, Tensor exponent, Tensor out) { STORE(out, pow, self, numeric(exponent)); })
EMULATE(aclnnInplacePowTensorScalar,
        [](Tensor self, Scalar exponent) { STORE(self, pow, self, exponent); })

EMULATE(aclnnClamp, broadcast, [](Tensor self, OptionalScalar min, OptionalScalar max, Tensor out) {
  if (min) min = factor(*min, out.scalar_type());
  if (max) max = factor(*max, out.scalar_type());
  if (min || max) {
    at::clamp_out(out, self, min, max);
  } else {
    out.copy_(self);
  }
})
EMULATE(aclnnClampMin, broadcast, [](Tensor self, Scalar min, Tensor out) {
  at::clamp_min_out(out, self, factor(min, out.scalar_type()));
})
EMULATE(aclnnClampMax, broadcast, [](Tensor self, Scalar max, Tensor out) {
  at::clamp_max_out(out, self, factor(max, out.scalar_type()));
})
EMULATE(aclnnInplaceClampMax, [](Tensor self, Scalar max) {
  at::clamp_max_out(self, self, factor(max, self.scalar_type()));
})
EMULATE(aclnnClampTensor, broadcast,
        [](Tensor self, Tensor min, Tensor max, Tensor out) { at::clamp_out(out, self, min, max); })
EMULATE(aclnnClampMinTensor, broadcast,
        [](Tensor self, Tensor min, Tensor out) { at::clamp_min_out(out, self, min); })
EMULATE(aclnnClampMaxTensor, broadcast,
        [](Tensor self, Tensor max, Tensor out) { at::clamp_max_out(out, self, max); })

EMULATE(aclnnAddcmul, broadcast, [](Tensor self, Tensor a, Tensor b, Scalar value, Tensor out) {
  at::addcmul_out(out, self, a, b, value);
})
EMULATE(aclnnAddcdiv, broadcast, [](Tensor self, Tensor a, Tensor b, Scalar value, Tensor out) {
  add_quotient(out, self, a, b, value);
})
EMULATE(aclnnInplaceAddcmul, broadcast, [](Tensor self, Tensor a, Tensor b, Scalar value) {
  at::addcmul_out(self, self, a, b, value);
})
EMULATE(aclnnInplaceAddcdiv, broadcast, [](Tensor self, Tensor a, Tensor b, Scalar value) {
  add_quotient(self, self, a, b, value);
})
EMULATE(aclnnLerp, broadcast, [](Tensor self, Tensor end, Tensor weight, Tensor out) {
  at::lerp_out(out, self, end, weight);
})
EMULATE(aclnnLerps, broadcast, [](Tensor self, Tensor end, Scalar weight, Tensor out) {
  at::lerp_out(out, self, end, weight);
})
EMULATE(aclnnInplaceLerp, broadcast,
        [](Tensor self, Tensor end, Tensor weight) { at::lerp_out(self, self, end, weight); })
EMULATE(aclnnInplaceLerps, broadcast,
        [](Tensor self, Tensor end, Scalar weight) { at::lerp_out(self, self, end, weight); })
EMULATE(aclnnAddRelu, broadcast, [](Tensor self, Tensor other, Scalar alpha, Tensor out) {
  out.copy_(at::add(self, other, alpha).clamp_min(0));
})

}  // namespace ascend_emulator
