#pragma once

#include <torch/library.h>

// Operators that only other devices than Atlas A2 have: a call raises an error that says so.
namespace at_npu::vendor {

struct Unavailable {
  const char* op;        // npu_dynamic_mx_quant
  const char* function;  // what CANN lacks on Atlas A2
  const char* only_on;
  const char* instead;
};

void implement(torch::Library& library, const Unavailable& op);

}  // namespace at_npu::vendor
