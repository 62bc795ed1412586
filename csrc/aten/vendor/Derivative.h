#pragma once

#include <torch/library.h>

#include <cstdint>
#include <vector>

// Derivatives of vendor operators as data: the operator that computes them and where its arguments
// come from. One boxed kernel serves all of them.
namespace at_npu::vendor {

// Where an argument of the backward operator comes from.
struct Source {
  enum class Kind : uint8_t {
    kInput,    // argument `index` of the operator
    kOutput,   // result `index` of the operator
    kGrad,     // gradient of result `index`
    kDefault,  // the backward operator's own default
  };
  Kind kind;
  uint8_t index = 0;
};

struct Derivative {
  const char* op;        // npu::npu_rms_norm
  const char* backward;  // npu::npu_rms_norm_backward
  std::vector<Source> arguments;
  std::vector<int> inputs;  // the argument that each result is the gradient of; -1: none
};

// Registers `derivative` in a library of the key AutogradPrivateUse1.
void implement(torch::Library& library, const Derivative& derivative);

}  // namespace at_npu::vendor
