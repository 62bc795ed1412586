#pragma once

#include <string>

#include "emulator/ops/base/function.h"
#include "emulator/runtime/export.h"

namespace ascend_emulator {

// Shapes, data types and formats of a call's tensors, as TaskInfo::details wants them.
std::string describe(const Function& function, const Argument* arguments);

// "[2, 3]"
EMULATOR_API std::string to_string(std::span<const int64_t> dims);

}  // namespace ascend_emulator
