#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Scalar.h>
#include <c10/util/ArrayRef.h>

#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "emulator/ops/base/wire.h"

// What a kernel receives for each argument of a call. All functions throw with a message that names
// the parameter.
namespace ascend_emulator {

using at::ScalarType;
using at::Tensor;
using c10::Scalar;
using IntArray = c10::IntArrayRef;
using FloatArray = std::span<const float>;
using BoolArray = std::span<const uint8_t>;
using OptionalTensor = std::optional<Tensor>;
using OptionalScalar = std::optional<Scalar>;
using OptionalIntArray = std::optional<IntArray>;
using OptionalBoolArray = std::optional<BoolArray>;
using Tensors = std::vector<Tensor>;
using Scalars = std::vector<Scalar>;

// An output whose shape depends on data: its buffer holds the largest result, and set() tells the
// caller the shape through aclGetViewShape.
class DynamicTensor {
 public:
  DynamicTensor(const Call& call, size_t index);
  void set(const Tensor& value);
  bool is_empty() const { return capacity_.numel() == 0; }

 private:
  const char* name_;
  aclTensor* handle_;
  Tensor capacity_;
};

Tensor decode_tensor(const Call& call, size_t index);
OptionalTensor decode_optional_tensor(const Call& call, size_t index);
Tensors decode_tensors(const Call& call, size_t index);  // a null element becomes an undefined one
Scalar decode_scalar(const aclScalar& scalar);
Scalars decode_scalars(const Call& call, size_t index);
ScalarType scalar_type(aclDataType dtype);

// Throws if a kernel has given an output another shape than the caller's.
void verify_output(const Call& call, size_t index, const Tensor& tensor);
void verify_outputs(const Call& call, size_t index, const Tensors& tensors);

// From the wire type of the fact base to the type in a kernel's signature. A pair without a
// specialisation does not compile.
template <class Wire, class Value>
struct Decode {
  static constexpr bool kPossible = false;
};

#define ASCEND_EMULATOR_DECODE(Wire, Value, nullable, ...)           \
  template <>                                                        \
  struct Decode<Wire, Value> {                                       \
    static constexpr bool kPossible = true;                          \
    static constexpr bool kNullable = nullable;                      \
    static Value get(const Call& call, size_t i) {                   \
      [[maybe_unused]] const Argument& argument = call.arguments[i]; \
      return __VA_ARGS__;                                            \
    }                                                                \
  };

inline IntArray ints(const aclIntArray& array) { return array.values; }
inline BoolArray bools(const aclBoolArray& array) { return array.values; }

ASCEND_EMULATOR_DECODE(aclTensor, Tensor, false, decode_tensor(call, i))
ASCEND_EMULATOR_DECODE(aclTensor, OptionalTensor, true, decode_optional_tensor(call, i))
ASCEND_EMULATOR_DECODE(aclTensor, DynamicTensor, false, DynamicTensor(call, i))
ASCEND_EMULATOR_DECODE(aclTensorList, Tensors, false, decode_tensors(call, i))
ASCEND_EMULATOR_DECODE(aclTensorList, std::optional<Tensors>, true,
                       argument.handle ? std::optional(decode_tensors(call, i)) : std::nullopt)
ASCEND_EMULATOR_DECODE(aclScalar, Scalar, false, decode_scalar(*argument.scalar))
ASCEND_EMULATOR_DECODE(aclScalar, OptionalScalar, true,
                       argument.handle ? OptionalScalar(decode_scalar(*argument.scalar))
                                       : std::nullopt)
ASCEND_EMULATOR_DECODE(aclScalarList, Scalars, false, decode_scalars(call, i))
ASCEND_EMULATOR_DECODE(aclIntArray, IntArray, false, ints(*argument.int_array))
ASCEND_EMULATOR_DECODE(aclIntArray, OptionalIntArray, true,
                       argument.handle ? OptionalIntArray(ints(*argument.int_array)) : std::nullopt)
ASCEND_EMULATOR_DECODE(aclFloatArray, FloatArray, false, argument.float_array->values)
ASCEND_EMULATOR_DECODE(aclBoolArray, BoolArray, false, bools(*argument.bool_array))
ASCEND_EMULATOR_DECODE(aclBoolArray, OptionalBoolArray, true,
                       argument.handle ? OptionalBoolArray(bools(*argument.bool_array))
                                       : std::nullopt)
ASCEND_EMULATOR_DECODE(CString, std::string_view, false,
                       argument.string != nullptr ? argument.string : "")
ASCEND_EMULATOR_DECODE(int64_t, int64_t, false, argument.integer)
ASCEND_EMULATOR_DECODE(int32_t, int64_t, false, argument.integer)
ASCEND_EMULATOR_DECODE(int8_t, int64_t, false, argument.integer)
ASCEND_EMULATOR_DECODE(uint64_t, int64_t, false, argument.integer)
ASCEND_EMULATOR_DECODE(bool, bool, false, argument.integer != 0)
ASCEND_EMULATOR_DECODE(double, double, false, argument.floating)
ASCEND_EMULATOR_DECODE(float, double, false, argument.floating)
ASCEND_EMULATOR_DECODE(aclDataType, ScalarType, false,
                       scalar_type(static_cast<aclDataType>(argument.integer)))

#undef ASCEND_EMULATOR_DECODE

}  // namespace ascend_emulator
