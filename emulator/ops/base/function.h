#pragma once

#include <cstddef>
#include <cstdint>

#include "emulator/ops/base/dtype.h"
#include "emulator/ops/base/objects.h"

namespace ascend_emulator {

enum class Kind : uint8_t {
  kTensor,
  kTensorList,
  kScalar,
  kScalarList,
  kIntArray,
  kFloatArray,
  kBoolArray,
  kString,
  kInteger,
  kBool,
  kFloating,
  kDataType,
};

constexpr bool is_handle(Kind kind) { return kind < Kind::kString; }

// One parameter of an aclnn function, from third_party/cann/aclnn.
struct Parameter {
  const char* name;
  Kind kind;
  bool input;
  bool output;
  DtypeSet dtypes;  // what the hardware accepts; 0: not documented, hence not checked
  bool takes_nz;    // the format FRACTAL_NZ, besides the base formats
};

// One argument of a call; which member is set follows from Parameter::kind.
union Argument {
  Argument() = default;
  Argument(const aclTensor* value) : tensor(value) {}
  Argument(const aclTensorList* value) : tensor_list(value) {}
  Argument(const aclScalar* value) : scalar(value) {}
  Argument(const aclScalarList* value) : scalar_list(value) {}
  Argument(const aclIntArray* value) : int_array(value) {}
  Argument(const aclFloatArray* value) : float_array(value) {}
  Argument(const aclBoolArray* value) : bool_array(value) {}
  Argument(const char* value) : string(value) {}
  Argument(double value) : floating(value) {}
  Argument(float value) : floating(value) {}
  Argument(bool value) : integer(value) {}
  Argument(int8_t value) : integer(value) {}
  Argument(int32_t value) : integer(value) {}
  Argument(int64_t value) : integer(value) {}
  Argument(uint64_t value) : integer(static_cast<int64_t>(value)) {}
  Argument(aclDataType value) : integer(value) {}

  const void* handle;
  const aclTensor* tensor;
  const aclTensorList* tensor_list;
  const aclScalar* scalar;
  const aclScalarList* scalar_list;
  const aclIntArray* int_array;
  const aclFloatArray* float_array;
  const aclBoolArray* bool_array;
  const char* string;
  int64_t integer;
  double floating;
};

struct Function;

// A call as its kernel sees it, on the stream's worker thread.
struct Call {
  const Function& function;
  const Argument* arguments;
  int device;
};

// Phase 1's check of shapes; reports with fail() and returns its code.
using ShapeRule = aclnnStatus (*)(const Function& function, const Argument* arguments);

// What EMULATE() makes of a lambda.
struct Kernel {
  void (*run)(const Call& call);  // throws std::exception
  uint64_t nullable;              // a bit for each parameter that may be null
  ShapeRule shapes;               // null: the kernel's own check has to do
};

struct Function {
  const char* name;         // aclnnInplaceAdd
  const char* phase1_name;  // aclnnInplaceAddGetWorkspaceSize
  const char* kernel_name;  // aclnnInplaceAdd_AddAiCore_Add
  const char* type;         // Add
  const char* engine;       // AI_VECTOR_CORE
  const Kernel* kernel;
  const Parameter* parameters;
  size_t size;
};

}  // namespace ascend_emulator
