#pragma once

#include <ATen/ScalarOps.h>
#include <ATen/ops/result_type.h>

#include "emulator/ops/emulate.h"

namespace ascend_emulator {

// A scalar as an operand that does not widen the other operand's type.
inline Tensor operand(const Scalar& scalar) { return at::native::wrapped_scalar_tensor(scalar); }
inline const Tensor& operand(const Tensor& tensor) { return tensor; }

// ATen's out= forms refuse a result that `out` cannot hold in kind (a float into an integer), where
// CANN casts it.
inline bool needs_cast(const Tensor& out, const Tensor& self, const Tensor& other) {
  return (out.scalar_type() != self.scalar_type() || out.scalar_type() != other.scalar_type()) &&
         !c10::canCast(at::result_type(self, other), out.scalar_type());
}

// ATen refuses a floating factor of integers, where CANN casts the factor.
inline Scalar factor(const Scalar& scalar, ScalarType type) {
  if (!c10::isIntegralType(type, /*includeBool=*/true) || scalar.isIntegral(true)) return scalar;
  return scalar.to<int64_t>();
}

}  // namespace ascend_emulator

// out = op(self, other), and the same in place; Other is Tensor or Scalar.
#define EMULATE_BINARY(function, Other, op)                               \
  EMULATE(function, broadcast, [](Tensor self, Other other, Tensor out) { \
    const Tensor& right = operand(other);                                 \
    if (needs_cast(out, self, right)) {                                   \
      out.copy_(at::op(self, right));                                     \
    } else {                                                              \
      at::op##_out(out, self, right);                                     \
    }                                                                     \
  })
#define EMULATE_BINARY_IN_PLACE(function, Other, op)          \
  EMULATE(function, broadcast, [](Tensor self, Other other) { \
    const Tensor& right = operand(other);                     \
    if (needs_cast(self, self, right)) {                      \
      self.copy_(at::op(self, right));                        \
    } else {                                                  \
      at::op##_out(self, self, right);                        \
    }                                                         \
  })

// out = op(self), and the same in place.
#define EMULATE_UNARY(function, op) \
  EMULATE(function, broadcast, [](Tensor self, Tensor out) { at::op##_out(out, self); })
#define EMULATE_UNARY_IN_PLACE(function, op) \
  EMULATE(function, [](Tensor self) { at::op##_out(self, self); })
