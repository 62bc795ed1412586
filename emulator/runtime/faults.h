#pragma once

#include "acl/acl_base.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator {

// Faults on demand, from ASCEND_EMULATOR_FAULTS or emulatorInjectFaults(): a comma-separated list
// of
//   <name>[:<n>][=<code>]
// The n-th (default: the next) event of that name fails once with an ACL code. Names: that of an
// aclnn function or of an operator type (aclnnAdd, Add), * for any kernel, malloc for an
// allocation. Codes default to those of an AI core exception and of memory that ran out.

// The code that this kernel is to fail with, with a message; usually ACL_SUCCESS.
aclError kernel_fault(const TaskInfo& kernel);
aclError malloc_fault(const char* api);

bool set_faults(const char* specification);  // false: see the recent message; nothing has changed

}  // namespace ascend_emulator
