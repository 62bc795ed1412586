#pragma once

#include <span>

#include "emulator/ops/base/function.h"

namespace ascend_emulator {

// Refuses null arguments that the function needs, data types that the hardware does not accept and
// shapes that do not fit together.
aclnnStatus check(const Function& function, std::span<const Argument> arguments);

}  // namespace ascend_emulator
