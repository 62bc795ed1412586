#pragma once

#include "emulator/ops/decode.h"

// The memory format FRACTAL_NZ: blocks of 16 rows and 32 bytes, one column of blocks after another.
namespace ascend_emulator {

// A tensor as it lies in memory, for kernels that know formats.
struct StoredTensor {
  aclFormat format;
  Tensor
      memory;  // ND: the tensor itself; FRACTAL_NZ: [..., columns of blocks, rows of them, 16, C0]
  c10::DimVector sizes;
};

StoredTensor decode_stored(const Call& call, size_t index);
template <>
struct Decode<aclTensor, StoredTensor> {
  static constexpr bool kPossible = true;
  static constexpr bool kNullable = false;
  static StoredTensor get(const Call& call, size_t i) { return decode_stored(call, i); }
};

// Copies between the format and rows; what fills the last blocks is zero.
void to_fractal(const Tensor& rows, const Tensor& memory);
Tensor from_fractal(const Tensor& memory, at::IntArrayRef sizes);

}  // namespace ascend_emulator
