#pragma once

#include <cstddef>

#include "emulator/hccl/data_type.h"

namespace ascend_emulator::hccl {

// Reduces `count` elements of `sources` (one pointer per rank) in rank order and writes the result
// to each of `targets`. Half and bfloat16 are accumulated in float and rounded once, so every rank
// gets the same bits whoever computes them. A target may be one of the sources.
void reduce(Arithmetic arithmetic, HcclReduceOp op, const std::byte* const* sources,
            size_t source_count, std::byte* const* targets, size_t target_count, size_t count);

}  // namespace ascend_emulator::hccl
