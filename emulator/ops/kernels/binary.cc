#include "emulator/ops/functions/binary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/atan2.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_left_shift.h>
#include <ATen/ops/bitwise_not.h>
#include <ATen/ops/bitwise_or.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <ATen/ops/bitwise_xor.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/eq.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ge.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/heaviside.h>
#include <ATen/ops/le.h>
#include <ATen/ops/linalg_cross.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/logaddexp2.h>
#include <ATen/ops/logical_and.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/logical_or.h>
#include <ATen/ops/logical_xor.h>
#include <ATen/ops/lt.h>
#include <ATen/ops/ne.h>
#include <ATen/ops/polar.h>
#include <ATen/ops/where.h>
#include <ATen/ops/xlogy.h>

#include "emulator/ops/functions/comparison.h"
#include "emulator/ops/kernels/operand.h"
#include "emulator/ops/kernels/wide_unsigned.h"

namespace ascend_emulator {
namespace {

// What same_order(self) is compared with.
Tensor comparand(const Tensor& self, const Scalar& number) {
  const Tensor other = operand(number);
  return self.scalar_type() == at::kUInt64 ? same_order(other.to(at::kUInt64)) : other;
}
Tensor comparand(const Tensor& self, const Tensor& other) {
  TORCH_CHECK((self.scalar_type() == at::kUInt64) == (other.scalar_type() == at::kUInt64),
              "UINT64 is compared with UINT64 only, not ", self.scalar_type(), " with ",
              other.scalar_type(), ".");
  return same_order(other);
}

}  // namespace

// ATen casts a predicate to whatever type the output has.
#define EMULATE_PREDICATE(function, Other, op) \
  EMULATE(function, broadcast,                 \
          [](Tensor self, Other other, Tensor out) { at::op##_out(out, self, operand(other)); })
#define EMULATE_ORDER(function, Other, op)                                \
  EMULATE(function, broadcast, [](Tensor self, Other other, Tensor out) { \
    at::op##_out(out, same_order(self), comparand(self, other));          \
  })

EMULATE_PREDICATE(aclnnEqTensor, Tensor, eq)
EMULATE_PREDICATE(aclnnEqScalar, Scalar, eq)
EMULATE_PREDICATE(aclnnNeTensor, Tensor, ne)
EMULATE_PREDICATE(aclnnNeScalar, Scalar, ne)
EMULATE_ORDER(aclnnLtTensor, Tensor, lt)
EMULATE_ORDER(aclnnLtScalar, Scalar, lt)
EMULATE_ORDER(aclnnLeTensor, Tensor, le)
EMULATE_ORDER(aclnnLeScalar, Scalar, le)
EMULATE_ORDER(aclnnGtTensor, Tensor, gt)
EMULATE_ORDER(aclnnGtScalar, Scalar, gt)
EMULATE_ORDER(aclnnGeTensor, Tensor, ge)
EMULATE_ORDER(aclnnGeScalar, Scalar, ge)

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

EMULATE(aclnnLeftShift, broadcast, [](Tensor self, Tensor bits, Tensor out) {
  same_bits(out).copy_(at::bitwise_left_shift(same_bits(self), same_bits(bits)));
})
EMULATE(aclnnLeftShifts, broadcast, [](Tensor self, Scalar bits, Tensor out) {
  same_bits(out).copy_(at::bitwise_left_shift(same_bits(self), bits));
})
// Zeros come in from the left for unsigned integers: of those of 64 bits one at a time, as signed
// numbers.
EMULATE(aclnnRightShift, broadcast, [](Tensor self, Tensor bits, Tensor out) {
  const Tensor count = same_bits(bits);
  if (self.scalar_type() != at::kUInt64) {
    out.copy_(at::bitwise_right_shift(same_order(self), count));
    return;
  }
  const Tensor first = at::bitwise_right_shift(same_bits(self), 1).bitwise_and(INT64_MAX);
  const Tensor shifted = at::bitwise_right_shift(first, count - 1);
  same_bits(out).copy_(at::where(count == 0, same_bits(self), shifted));
})

EMULATE(aclnnComplex, broadcast, [](Tensor real, Tensor imaginary, Tensor out) {
  out.copy_(at::complex(wide(real), wide(imaginary)));
})
EMULATE(aclnnPolar, broadcast,
        [](Tensor length, Tensor angle, Tensor out) { out.copy_(at::polar(length, angle)); })
EMULATE(aclnnLinalgCross, broadcast, [](Tensor self, Tensor other, int64_t dim, Tensor out) {
  out.copy_(at::linalg_cross(self, other, dim));
})

}  // namespace ascend_emulator
