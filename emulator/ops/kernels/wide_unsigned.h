#pragma once

#include <ATen/core/Tensor.h>

// ATen has few kernels for unsigned integers of more than 8 bits. These functions turn them into
// signed ones, for which it has all; other types stay as they are.
namespace ascend_emulator {

// The same bits: for what moves elements, and for products. Shares the memory.
at::Tensor same_bits(const at::Tensor& tensor);

// The same order: for comparisons. A copy, which store_ordered() turns back.
at::Tensor same_order(const at::Tensor& tensor);
void store_ordered(at::Tensor& out, const at::Tensor& ordered);

}  // namespace ascend_emulator
