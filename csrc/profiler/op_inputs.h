#pragma once

#include <ATen/core/ivalue.h>
#include <c10/util/ArrayRef.h>

#include <string>

namespace torch_npu::profiler {

// Inputs of an operator as text, one entry per input, joined by ';'. A tensor's entry is its shape
// "2,3" and its C++ type name; others have an empty shape and the name of their kind.
struct OpInputs {
  std::string dtypes;
  std::string shapes;
};

OpInputs describe(c10::ArrayRef<const c10::IValue> inputs);

}  // namespace torch_npu::profiler
