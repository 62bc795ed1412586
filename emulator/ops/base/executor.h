#pragma once

#include <functional>
#include <memory>
#include <span>

#include "emulator/ops/base/function.h"
#include "emulator/runtime/export.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator {

inline constexpr size_t kMaxParameters = 64;

// Phase 1 of an aclnn call: checks the arguments and binds them to an executor, which holds its own
// references. The emulator needs no workspace.
EMULATOR_API aclnnStatus prepare(const Function& function, std::span<const Argument> arguments,
                                 uint64_t* workspace_size, aclOpExecutor** executor);

// Phase 2: enqueues the executor, which is gone afterwards, whatever the result.
EMULATOR_API aclnnStatus launch(const Function& function, aclOpExecutor* executor,
                                aclrtStream stream);

// The parts of phase 2. Refuses an executor that is not `function`'s, which is gone then; a task
// that runs `body` on the executor's arguments, of which it has its own copy; and the executor's
// end.
aclnnStatus check_executor(const Function& function, aclOpExecutor* executor);
std::unique_ptr<Task> make_task(const aclOpExecutor& executor, int device,
                                std::function<void(const Call&)> body);
Call call_of(const aclOpExecutor& executor, int device);
void finish(aclOpExecutor* executor);

}  // namespace ascend_emulator
