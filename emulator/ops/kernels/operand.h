#pragma once

#include <ATen/ScalarOps.h>
#include <ATen/ops/result_type.h>

#include "emulator/ops/emulate.h"

namespace ascend_emulator {

// A scalar as an operand that does not widen the other operand's type.
inline Tensor operand(const Scalar& scalar) { return at::native::wrapped_scalar_tensor(scalar); }
inline const Tensor& operand(const Tensor& tensor) { return tensor; }

// Of booleans ATen has no differences, quotients and powers: they count as 0 and 1.
inline Tensor numeric(const Tensor& tensor) {
  return tensor.scalar_type() == at::kBool ? tensor.to(at::kLong) : tensor;
}

// Half precision as float32, for which ATen has every kernel, and in which the hardware
// accumulates.
inline Tensor wide(const Tensor& tensor) {
  return c10::isReducedFloatingType(tensor.scalar_type()) ? tensor.to(at::kFloat) : tensor;
}
inline OptionalTensor wide(const OptionalTensor& tensor) {
  return tensor ? OptionalTensor(wide(*tensor)) : tensor;
}

inline bool is_integral(const Tensor& tensor) {
  return c10::isIntegralType(tensor.scalar_type(), /*includeBool=*/true);
}

inline bool is_complex(const Tensor& tensor) { return tensor.is_complex(); }
inline bool is_complex(const Scalar& scalar) { return scalar.isComplex(); }

// ATen's out= forms refuse a result that `out` cannot hold in kind (a float in an integer), where
// CANN casts it. Many functions of integers give floats, so an integer `out` is always cast to.
template <class... Inputs>
bool needs_cast(const Tensor& out, const Inputs&... inputs) {
  return is_integral(out) || (!out.is_complex() && (is_complex(inputs) || ...));
}

// ATen refuses a floating factor of integers and a boolean one of numbers, where CANN casts it.
inline Scalar factor(const Scalar& scalar, ScalarType type) {
  const bool whole = c10::isIntegralType(type, /*includeBool=*/true) || scalar.isBoolean();
  return whole ? scalar.to<int64_t>() : scalar;
}

}  // namespace ascend_emulator

// out = op(inputs...), cast to out's type; the inputs are tensors and scalars.
#define STORE(out, op, ...) \
  (needs_cast(out, __VA_ARGS__) ? (out).copy_(at::op(__VA_ARGS__)) : at::op##_out(out, __VA_ARGS__))

// out = op(self, other), and the same in place; Other is Tensor or Scalar.
#define EMULATE_BINARY(function, Other, op) \
  EMULATE(function, broadcast,              \
          [](Tensor self, Other other, Tensor out) { STORE(out, op, self, operand(other)); })
#define EMULATE_BINARY_IN_PLACE(function, Other, op) \
  EMULATE(function, broadcast,                       \
          [](Tensor self, Other other) { STORE(self, op, self, operand(other)); })

// out = op(self), and the same in place.
#define EMULATE_UNARY(function, op) \
  EMULATE(function, broadcast, [](Tensor self, Tensor out) { at::op##_out(out, self); })
#define EMULATE_UNARY_IN_PLACE(function, op) \
  EMULATE(function, [](Tensor self) { at::op##_out(self, self); })
