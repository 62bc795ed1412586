#pragma once

#include <span>

#include "emulator/ops/base/function.h"
#include "emulator/runtime/export.h"

namespace ascend_emulator {

inline constexpr size_t kMaxParameters = 64;

// Phase 1 of an aclnn call: checks the arguments and binds them to an executor, which holds its own
// references. The emulator needs no workspace.
EMULATOR_API aclnnStatus prepare(const Function& function, std::span<const Argument> arguments,
                                 uint64_t* workspace_size, aclOpExecutor** executor);

// Phase 2: enqueues the executor, which is gone afterwards, whatever the result.
EMULATOR_API aclnnStatus launch(const Function& function, aclOpExecutor* executor,
                                aclrtStream stream);

}  // namespace ascend_emulator
