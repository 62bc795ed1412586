#pragma once

#include <torch/library.h>

#include <initializer_list>

namespace at_npu::vendor {

// For a library of the key AutogradPrivateUse1: operators without a formula. What they compute from
// a tensor that requires a gradient requires one, too, and its backward raises by name.
void refuse_backward(torch::Library& library, std::initializer_list<const char*> ops);

}  // namespace at_npu::vendor
