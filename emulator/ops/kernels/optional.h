#pragma once

#include "emulator/ops/decode.h"

namespace ascend_emulator {

// Whether there is something in it: callers pass empty tensors and arrays for null, too.
inline bool has(const OptionalTensor& tensor) { return tensor && tensor->numel() > 0; }
inline bool has(const OptionalIntArray& values) { return values && !values->empty(); }

}  // namespace ascend_emulator
