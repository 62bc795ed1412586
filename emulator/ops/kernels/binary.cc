#include "emulator/ops/functions/binary.h"

#include <ATen/ops/atan2.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_not.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/bitwise_xor.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/heaviside.h>
#include <ATen/ops/le.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/logaddexp2.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/logical_xor.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/where.h>
#include <ATen/ops/xlogy.h>

#include "emulator/ops/functions/comparison.h"
#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {

// ATen casts a predicate to whatever type the output has.
#define EMULATE_PREDICATE(function, Other, op) \
  EMULATE(function, broadcast,                 \
          [](Tensor self, Other other, Tensor out) { at::op##_out(out, self, operand(other)); })

EMULATE_PREDICATE(aclnnEqTensor, Tensor, eq)
EMULATE_PREDICATE(aclnnEqScalar, Scalar, eq)
EMULATE_PREDICATE(aclnnNeTensor, Tensor, ne)
EMULATE_PREDICATE(aclnnNeScalar, Scalar, ne)
EMULATE_PREDICATE(aclnnLtTensor, Tensor, lt)
EMULATE_PREDICATE(aclnnLtScalar, Scalar, lt)
EMULATE_PREDICATE(aclnnLeTensor, Tensor, le)
EMULATE_PREDICATE(aclnnLeScalar, Scalar, le)
EMULATE_PREDICATE(aclnnGtTensor, Tensor, gt)
EMULATE_PREDICATE(aclnnGtScalar, Scalar, gt)
EMULATE_PREDICATE(aclnnGeTensor, Tensor, ge)
EMULATE_PREDICATE(aclnnGeScalar, Scalar, ge)

EMULATE_BINARY(aclnnBitwiseAndTensor, Tensor, bitwise_and)
EMULATE_BINARY(aclnnBitwiseAndScalar, Scalar, bitwise_and)
EMULATE_BINARY(aclnnBitwiseOrTensor, Tensor, bitwise_or)
EMULATE_BINARY(aclnnBitwiseOrScalar, Scalar, bitwise_or)
EMULATE_BINARY(aclnnBitwiseXorTensor, Tensor, bitwise_xor)
EMULATE_BINARY(aclnnBitwiseXorScalar, Scalar, bitwise_xor)
EMULATE_UNARY(aclnnBitwiseNot, bitwise_not)

EMULATE_PREDICATE(aclnnLogicalAnd, Tensor, logical_and)
EMULATE_PREDICATE(aclnnLogicalOr, Tensor, logical_or)
EMULATE_PREDICATE(aclnnLogicalXor, Tensor, logical_xor)
EMULATE_UNARY(aclnnLogicalNot, logical_not)

EMULATE_BINARY(aclnnAtan2, Tensor, atan2)
EMULATE_BINARY(aclnnHeaviside, Tensor, heaviside)
EMULATE_BINARY(aclnnXLogYTensor, Tensor, xlogy)
// ATen's kernels know no integers.
EMULATE(aclnnLogAddExp, broadcast, [](Tensor self, Tensor other, Tensor out) {
  at::logaddexp_out(out, self.to(out.scalar_type()), other.to(out.scalar_type()));
})
EMULATE(aclnnLogAddExp2, broadcast, [](Tensor self, Tensor other, Tensor out) {
  at::logaddexp2_out(out, self.to(out.scalar_type()), other.to(out.scalar_type()));
})

EMULATE(aclnnEqual, [](Tensor self, Tensor other, Tensor out) {
  out.fill_(self.scalar_type() == other.scalar_type() && at::equal(self, other));
})
EMULATE(aclnnSWhere, broadcast, [](Tensor condition, Tensor self, Tensor other, Tensor out) {
  out.copy_(at::where(condition.to(at::kBool), self, other));
})

}  // namespace ascend_emulator
