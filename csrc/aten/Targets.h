#pragma once

#include <ATen/core/Tensor.h>

#include "csrc/aten/Outputs.h"

// Tensors that are written other than as a result in its own dtype and strides.
namespace at_npu {

// `out` lies on the result's device, and may have another dtype that the result can be cast to.
void check_castable(at::Device device, at::ScalarType dtype, const at::Tensor& out);
// A result that is divided or takes logarithms cannot be an integer.
void check_floating(const char* op, const at::Tensor& out);
// fit() for the operators whose `out` may have another dtype (`out_casts` in ops/*.yaml).
at::Tensor fit_cast(const at::Tensor& out, const Spec& spec);

// The elements of an expanded tensor, each once: dimensions that repeat them get size 1.
bool repeats(const at::Tensor& tensor);
at::Tensor distinct(const at::Tensor& tensor);
// Which elements of distinct(tensor) the mask hits, at one of their places at least.
at::Tensor distinct_mask(const at::Tensor& mask, const at::Tensor& tensor);

// complex64 as int64, for functions that only move elements.
at::Tensor as_bits(const at::Tensor& tensor);

}  // namespace at_npu
