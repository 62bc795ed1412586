#include "emulator/ops/functions/arithmetic.h"

#include <ATen/ops/add.h>
#include <ATen/ops/addcdiv.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/div.h>
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

using Rounding = std::optional<std::string_view>;

// aclnnDivMod's mode.
Rounding rounding(int64_t mode) {
  TORCH_CHECK(mode >= 0 && mode <= 2, "mode is ", mode,
              "; it must be 0 (true division), 1 (truncated) or 2 (floor).");
  constexpr const char* kNames[] = {"", "trunc", "floor"};
  return mode == 0 ? Rounding() : Rounding(kNames[mode]);
}

}  // namespace

// self ± alpha * other
#define EMULATE_SUM(function, Other, op)                                                \
  EMULATE(function, broadcast, [](Tensor self, Other other, Scalar alpha, Tensor out) { \
    const Tensor& right = operand(other);                                               \
    alpha = factor(alpha, at::result_type(self, right));                                \
    if (needs_cast(out, self, right)) {                                                 \
      out.copy_(at::op(self, right, alpha));                                            \
    } else {                                                                            \
      at::op##_out(out, self, right, alpha);                                            \
    }                                                                                   \
  })
#define EMULATE_SUM_IN_PLACE(function, Other, op)                           \
  EMULATE(function, broadcast, [](Tensor self, Other other, Scalar alpha) { \
    const Tensor& right = operand(other);                                   \
    alpha = factor(alpha, at::result_type(self, right));                    \
    if (needs_cast(self, self, right)) {                                    \
      self.copy_(at::op(self, right, alpha));                               \
    } else {                                                                \
      at::op##_out(self, self, right, alpha);                               \
    }                                                                       \
  })

EMULATE_SUM(aclnnAdd, Tensor, add)
EMULATE_SUM(aclnnAdds, Scalar, add)
EMULATE_SUM(aclnnSub, Tensor, sub)
EMULATE_SUM(aclnnSubs, Scalar, sub)
EMULATE_SUM_IN_PLACE(aclnnInplaceAdd, Tensor, add)
EMULATE_SUM_IN_PLACE(aclnnInplaceAdds, Scalar, add)
EMULATE_SUM_IN_PLACE(aclnnInplaceSub, Tensor, sub)
EMULATE_SUM_IN_PLACE(aclnnInplaceSubs, Scalar, sub)

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
  out.copy_(at::div(self, other, rounding(mode)));
})
EMULATE(aclnnDivMods, broadcast, [](Tensor self, Scalar other, int64_t mode, Tensor out) {
  out.copy_(at::div(self, operand(other), rounding(mode)));
})
EMULATE_BINARY(aclnnFloorDivide, Tensor, floor_divide)
EMULATE_BINARY(aclnnFloorDivides, Scalar, floor_divide)
EMULATE_BINARY(aclnnRemainderTensorTensor, Tensor, remainder)
EMULATE_BINARY(aclnnRemainderTensorScalar, Scalar, remainder)
EMULATE_BINARY(aclnnFmodTensor, Tensor, fmod)
EMULATE_BINARY(aclnnFmodScalar, Scalar, fmod)
EMULATE_BINARY(aclnnGcd, Tensor, gcd)
EMULATE_BINARY(aclnnMaximum, Tensor, maximum)
EMULATE_BINARY(aclnnMinimum, Tensor, minimum)

EMULATE(aclnnPowTensorScalar, broadcast,
        [](Tensor self, Scalar exponent, Tensor out) { at::pow_out(out, self, exponent); })
EMULATE(aclnnPowTensorTensor, broadcast,
        [](Tensor self, Tensor exponent, Tensor out) { at::pow_out(out, self, exponent); })
EMULATE(aclnnPowScalarTensor, broadcast,
        [](Scalar self, Tensor exponent, Tensor out) { at::pow_out(out, self, exponent); })
EMULATE(aclnnInplacePowTensorScalar,
        [](Tensor self, Scalar exponent) { at::pow_out(self, self, exponent); })

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
  at::addcdiv_out(out, self, a, b, value);
})
EMULATE(aclnnInplaceAddcmul, broadcast, [](Tensor self, Tensor a, Tensor b, Scalar value) {
  at::addcmul_out(self, self, a, b, value);
})
EMULATE(aclnnInplaceAddcdiv, broadcast, [](Tensor self, Tensor a, Tensor b, Scalar value) {
  at::addcdiv_out(self, self, a, b, value);
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

}  // namespace ascend_emulator
