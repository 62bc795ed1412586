#pragma once

#include "emulator/ops/decode.h"

// Caches of keys and values in blocks of slots. A slot is block * block size + place.
namespace ascend_emulator {

// `tokens` [tokens, …] into the slots of `cache` [blocks, block size, …]; negative slots are left
// out.
void write_slots(const Tensor& tokens, const Tensor& cache, const Tensor& slots);

// The data of a cache of any shape [blocks, block size, …] in format NZ, [blocks, columns / n,
// block size, n] with n elements in 32 bytes, as [blocks, block size, columns / n, n].
Tensor nz_slots(const Tensor& cache);

}  // namespace ascend_emulator
