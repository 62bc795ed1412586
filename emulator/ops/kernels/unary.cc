#include "emulator/ops/functions/unary.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/acosh.h>
#include <ATen/ops/angle.h>
#include <ATen/ops/asin.h>
#include <ATen/ops/asinh.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/atanh.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cosh.h>
#include <ATen/ops/digamma.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/erfc.h>
#include <ATen/ops/erfinv.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/exp2.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/frac.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isneginf.h>
#include <ATen/ops/isposinf.h>
#include <ATen/ops/lgamma.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log10.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/log2.h>
#include <ATen/ops/logit.h>
#include <ATen/ops/nan_to_num.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/round.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/sgn.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/signbit.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sinc.h>
#include <ATen/ops/sinh.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/trunc.h>

#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {

EMULATE(aclnnAbs, broadcast, [](Tensor self, Tensor out) { STORE(out, abs, numeric(self)); })
EMULATE_UNARY(aclnnNeg, neg)
EMULATE_UNARY(aclnnExp, exp)
EMULATE_UNARY(aclnnExpm1, expm1)
EMULATE_UNARY(aclnnExp2, exp2)
EMULATE_UNARY(aclnnLog, log)
EMULATE_UNARY(aclnnLog2, log2)
EMULATE_UNARY(aclnnLog10, log10)
EMULATE_UNARY(aclnnLog1p, log1p)
EMULATE_UNARY(aclnnSqrt, sqrt)
EMULATE_UNARY(aclnnRsqrt, rsqrt)
EMULATE_UNARY(aclnnReciprocal, reciprocal)
EMULATE_UNARY(aclnnSin, sin)
EMULATE_UNARY(aclnnCos, cos)
EMULATE_UNARY(aclnnTan, tan)
EMULATE_UNARY(aclnnAsin, asin)
EMULATE_UNARY(aclnnAcos, acos)
EMULATE_UNARY(aclnnAtan, atan)
EMULATE_UNARY(aclnnSinh, sinh)
EMULATE_UNARY(aclnnCosh, cosh)
EMULATE_UNARY(aclnnTanh, tanh)
EMULATE_UNARY(aclnnAsinh, asinh)
EMULATE_UNARY(aclnnAcosh, acosh)
EMULATE_UNARY(aclnnAtanh, atanh)
EMULATE_UNARY(aclnnErf, erf)
EMULATE_UNARY(aclnnErfc, erfc)
EMULATE_UNARY(aclnnErfinv, erfinv)
EMULATE_UNARY(aclnnFloor, floor)
EMULATE_UNARY(aclnnCeil, ceil)
EMULATE_UNARY(aclnnRound, round)
EMULATE_UNARY(aclnnTrunc, trunc)
EMULATE_UNARY(aclnnSigmoid, sigmoid)
EMULATE_UNARY(aclnnSinc, sinc)
EMULATE_UNARY(aclnnSignbit, signbit)
EMULATE_UNARY(aclnnIsNegInf, isneginf)
EMULATE_UNARY(aclnnIsPosInf, isposinf)

EMULATE_UNARY_IN_PLACE(aclnnInplaceSqrt, sqrt)
EMULATE_UNARY_IN_PLACE(aclnnInplaceNeg, neg)
EMULATE_UNARY_IN_PLACE(aclnnInplaceExp, exp)
EMULATE_UNARY_IN_PLACE(aclnnInplaceReciprocal, reciprocal)
EMULATE_UNARY_IN_PLACE(aclnnInplaceSigmoid, sigmoid)
EMULATE_UNARY_IN_PLACE(aclnnInplaceTanh, tanh)
EMULATE_UNARY_IN_PLACE(aclnnInplaceSin, sin)
EMULATE_UNARY_IN_PLACE(aclnnInplaceCos, cos)
EMULATE_UNARY_IN_PLACE(aclnnInplaceFloor, floor)
EMULATE_UNARY_IN_PLACE(aclnnInplaceLog, log)
EMULATE_UNARY_IN_PLACE(aclnnInplaceRsqrt, rsqrt)

EMULATE(aclnnInplaceZero, [](Tensor self) { self.zero_(); })
// A complex number's sign is its direction.
EMULATE(aclnnSign, broadcast, [](Tensor self, Tensor out) { at::sgn_out(out, self); })
EMULATE(aclnnFrac, broadcast, [](Tensor self, Tensor out) {
  if (c10::isIntegralType(self.scalar_type(), true)) {
    out.zero_();
  } else {
    at::frac_out(out, self);
  }
})
EMULATE(aclnnIsFinite, broadcast, [](Tensor self, Tensor out) { out.copy_(at::isfinite(self)); })
EMULATE(aclnnIsInf, broadcast, [](Tensor self, Tensor out) { out.copy_(at::isinf(self)); })
// A negative eps stands for none.
EMULATE(aclnnLogit, broadcast, [](Tensor self, double eps, Tensor out) {
  at::logit_out(out, self, eps < 0 ? std::nullopt : std::optional(eps));
})
EMULATE(aclnnNanToNum, broadcast,
        [](Tensor self, double nan, double posinf, double neginf, Tensor out) {
          at::nan_to_num_out(out, self, nan, posinf, neginf);
        })

EMULATE(aclnnAngleV2, broadcast, [](Tensor self, Tensor out) { out.copy_(at::angle(wide(self))); })
EMULATE(aclnnDigamma, broadcast,
        [](Tensor self, Tensor out) { out.copy_(at::digamma(wide(self))); })
EMULATE(aclnnLgamma, broadcast, [](Tensor self, Tensor out) { out.copy_(at::lgamma(wide(self))); })
EMULATE(aclnnRoundDecimals, broadcast, [](Tensor self, int64_t decimals, Tensor out) {
  out.copy_(at::round(is_integral(self) ? self.to(at::kDouble) : self, decimals));
})

}  // namespace ascend_emulator
