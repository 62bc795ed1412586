#include "emulator/ops/functions/foreach.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addcdiv.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/asin.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cosh.h>
#include <ATen/ops/div.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/erfc.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log10.h>
#include <ATen/ops/log1p.h>
#include <ATen/ops/log2.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sinh.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/tanh.h>

#include "emulator/ops/kernels/operand.h"

// One function over lists of tensors. A number comes as a scalar, or as a tensor of one element.
namespace ascend_emulator {
namespace {

Scalar number(const Scalar& scalar) { return scalar; }
Scalar number(const Tensor& tensor) { return tensor.item(); }

// The i-th number of a list, or of a tensor of as many elements.
Scalar number(const Scalars& scalars, size_t i) { return scalars.at(i); }
Scalar number(const Tensor& tensor, size_t i) { return tensor.flatten()[int64_t(i)].item(); }

Tensor rounded(const Tensor& x, int64_t mode) {
  switch (mode) {
    case 1:
      return x.round();  // half to even
    case 2:
      return x.floor();
    case 3:
      return x.ceil();
    case 4:
      return x.abs().add(0.5).floor().mul(x.sign());  // half away from zero
    case 5:
      return x.trunc();
    default:
      TORCH_CHECK(false, "roundMode is ", mode, "; it must be 1 to 5.");
  }
}

template <class Body>
void each(const Tensors& first, const Tensors& second, Body body) {
  TORCH_CHECK(first.size() == second.size(), "the lists have ", first.size(), " and ",
              second.size(), " tensors.");
  for (size_t i = 0; i < first.size(); ++i) body(i);
}

}  // namespace

#define EMULATE_EACH(function, op)                            \
  EMULATE(function, [](Tensors x, Tensors out) {              \
    each(x, out, [&](size_t i) { STORE(out[i], op, x[i]); }); \
  })
#define EMULATE_EACH_PAIR(function, op)                              \
  EMULATE(function, [](Tensors x, Tensors y, Tensors out) {          \
    each(x, y, [&](size_t i) { STORE(out.at(i), op, x[i], y[i]); }); \
  })
// Number is Scalar or Tensor.
#define EMULATE_EACH_NUMBER(function, Number, op)                    \
  EMULATE(function, [](Tensors x, Number value, Tensors out) {       \
    const Tensor right = operand(number(value));                     \
    each(x, out, [&](size_t i) { STORE(out[i], op, x[i], right); }); \
  })
#define EMULATE_EACH_NUMBERS(function, op)                                                \
  EMULATE(function, [](Tensors x, Scalars values, Tensors out) {                          \
    each(x, out, [&](size_t i) { STORE(out[i], op, x[i], operand(number(values, i))); }); \
  })
#define EMULATE_EACH_SUM(function, Number, op)                                     \
  EMULATE(function, [](Tensors x, Tensors y, Number alpha, Tensors out) {          \
    each(x, y, [&](size_t i) {                                                     \
      STORE(out.at(i), op, x[i], y[i], factor(number(alpha), x[i].scalar_type())); \
    });                                                                            \
  })
#define EMULATE_EACH_TERNARY(function, Number, op)                                                \
  EMULATE(function, [](Tensors x, Tensors y, Tensors z, Number value, Tensors out) {              \
    each(x, out, [&](size_t i) { at::op##_out(out[i], x[i], y.at(i), z.at(i), number(value)); }); \
  })
#define EMULATE_EACH_TERNARY_NUMBERS(function, op)                                            \
  EMULATE(function, [](Tensors x, Tensors y, Tensors z, Tensor values, Tensors out) {         \
    each(x, out,                                                                              \
         [&](size_t i) { at::op##_out(out[i], x[i], y.at(i), z.at(i), number(values, i)); }); \
  })

EMULATE_EACH(aclnnForeachAbs, abs)
EMULATE_EACH(aclnnForeachAcos, acos)
EMULATE_EACH(aclnnForeachAsin, asin)
EMULATE_EACH(aclnnForeachAtan, atan)
EMULATE_EACH(aclnnForeachCos, cos)
EMULATE_EACH(aclnnForeachCosh, cosh)
EMULATE_EACH(aclnnForeachErf, erf)
EMULATE_EACH(aclnnForeachErfc, erfc)
EMULATE_EACH(aclnnForeachExp, exp)
EMULATE_EACH(aclnnForeachExpm1, expm1)
EMULATE_EACH(aclnnForeachLog, log)
EMULATE_EACH(aclnnForeachLog10, log10)
EMULATE_EACH(aclnnForeachLog1p, log1p)
EMULATE_EACH(aclnnForeachLog2, log2)
EMULATE_EACH(aclnnForeachNeg, neg)
EMULATE_EACH(aclnnForeachReciprocal, reciprocal)
EMULATE_EACH(aclnnForeachSigmoid, sigmoid)
EMULATE_EACH(aclnnForeachSign, sign)
EMULATE_EACH(aclnnForeachSin, sin)
EMULATE_EACH(aclnnForeachSinh, sinh)
EMULATE_EACH(aclnnForeachSqrt, sqrt)
EMULATE_EACH(aclnnForeachTan, tan)
EMULATE_EACH(aclnnForeachTanh, tanh)
EMULATE(aclnnForeachZeroInplace, [](Tensors x) {
  for (Tensor& tensor : x) tensor.zero_();
})
EMULATE(aclnnForeachCopy,
        [](Tensors x, Tensors out) { each(x, out, [&](size_t i) { out[i].copy_(x[i]); }); })

EMULATE_EACH_SUM(aclnnForeachAddList, Tensor, add)
EMULATE_EACH_SUM(aclnnForeachAddListV2, Scalar, add)
EMULATE_EACH_SUM(aclnnForeachSubList, Tensor, sub)
EMULATE_EACH_SUM(aclnnForeachSubListV2, Scalar, sub)

EMULATE_EACH_PAIR(aclnnForeachDivList, div)
EMULATE_EACH_PAIR(aclnnForeachMulList, mul)
EMULATE_EACH_PAIR(aclnnForeachMaximumList, maximum)
EMULATE_EACH_PAIR(aclnnForeachMinimumList, minimum)
EMULATE_EACH_PAIR(aclnnForeachPowList, pow)

EMULATE_EACH_NUMBER(aclnnForeachAddScalar, Tensor, add)
EMULATE_EACH_NUMBER(aclnnForeachAddScalarV2, Scalar, add)
EMULATE_EACH_NUMBER(aclnnForeachSubScalar, Tensor, sub)
EMULATE_EACH_NUMBER(aclnnForeachSubScalarV2, Scalar, sub)
EMULATE_EACH_NUMBER(aclnnForeachMulScalar, Tensor, mul)
EMULATE_EACH_NUMBER(aclnnForeachMulScalarV2, Scalar, mul)
EMULATE_EACH_NUMBER(aclnnForeachDivScalar, Tensor, div)
EMULATE_EACH_NUMBER(aclnnForeachDivScalarV2, Scalar, div)
EMULATE_EACH_NUMBER(aclnnForeachMaximumScalar, Tensor, maximum)
EMULATE_EACH_NUMBER(aclnnForeachMaximumScalarV2, Scalar, maximum)
EMULATE_EACH_NUMBER(aclnnForeachMinimumScalar, Tensor, minimum)
EMULATE_EACH_NUMBER(aclnnForeachMinimumScalarV2, Scalar, minimum)
EMULATE_EACH_NUMBER(aclnnForeachPowScalar, Tensor, pow)
EMULATE_EACH_NUMBER(aclnnForeachPowScalarV2, Scalar, pow)
EMULATE(aclnnForeachPowScalarAndTensor, [](Scalar base, Tensors x, Tensors out) {
  each(x, out, [&](size_t i) { STORE(out[i], pow, base, x[i]); });
})

EMULATE_EACH_NUMBERS(aclnnForeachAddScalarList, add)
EMULATE_EACH_NUMBERS(aclnnForeachSubScalarList, sub)
EMULATE_EACH_NUMBERS(aclnnForeachMulScalarList, mul)
EMULATE_EACH_NUMBERS(aclnnForeachDivScalarList, div)
EMULATE_EACH_NUMBERS(aclnnForeachMaximumScalarList, maximum)
EMULATE_EACH_NUMBERS(aclnnForeachMinimumScalarList, minimum)
EMULATE_EACH_NUMBERS(aclnnForeachPowScalarList, pow)

EMULATE_EACH_TERNARY(aclnnForeachAddcdivScalar, Tensor, addcdiv)
EMULATE_EACH_TERNARY(aclnnForeachAddcdivScalarV2, Scalar, addcdiv)
EMULATE_EACH_TERNARY(aclnnForeachAddcmulScalar, Tensor, addcmul)
EMULATE_EACH_TERNARY(aclnnForeachAddcmulScalarV2, Scalar, addcmul)
EMULATE_EACH_TERNARY_NUMBERS(aclnnForeachAddcdivList, addcdiv)
EMULATE_EACH_TERNARY_NUMBERS(aclnnForeachAddcdivScalarList, addcdiv)
EMULATE_EACH_TERNARY_NUMBERS(aclnnForeachAddcmulList, addcmul)
EMULATE_EACH_TERNARY_NUMBERS(aclnnForeachAddcmulScalarList, addcmul)

EMULATE(aclnnForeachLerpList, [](Tensors x, Tensors y, Tensors weight, Tensors out) {
  each(x, y, [&](size_t i) { at::lerp_out(out.at(i), x[i], y[i], weight.at(i)); });
})
EMULATE(aclnnForeachLerpScalar, [](Tensors x, Tensors y, Scalar weight, Tensors out) {
  each(x, y, [&](size_t i) { at::lerp_out(out.at(i), x[i], y[i], weight); });
})
EMULATE(aclnnForeachNorm, [](Tensors x, Scalar order, Tensors out) {
  each(x, out, [&](size_t i) { out[i].copy_(at::linalg_vector_norm(x[i], order)); });
})
// foundInf is only ever raised.
EMULATE(aclnnForeachNonFiniteCheckAndUnscale, [](Tensors grads, Tensor found, Tensor inverse) {
  for (Tensor& grad : grads) {
    if (!at::isfinite(grad).all().item<bool>()) found.fill_(1);
    grad.mul_(inverse.item());
  }
})
EMULATE(aclnnForeachRoundOffNumberV2, [](Tensors x, Scalar mode, Tensors out) {
  each(x, out, [&](size_t i) { out[i].copy_(rounded(x[i], mode.toLong())); });
})

}  // namespace ascend_emulator
