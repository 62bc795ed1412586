#pragma once

#include <ATen/core/Tensor.h>

namespace ascend_emulator {

// Masks of one bit an element, least significant bit first, as the hardware's dropout and pooling
// keep them.
inline constexpr int64_t kBits = 8;

// `flags`: bool, last dimension of any length. The result's last dimension is `bytes` long; bits
// beyond the flags are 0.
at::Tensor pack_bits(const at::Tensor& flags, int64_t bytes);

// The first `count` flags of the last dimension of a uint8 (or int8) tensor.
at::Tensor unpack_bits(const at::Tensor& bytes, int64_t count);

}  // namespace ascend_emulator
