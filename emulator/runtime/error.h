#pragma once

#include <string>

#include "acl/acl_base.h"
#include "emulator/runtime/export.h"

namespace ascend_emulator {

// Records the calling thread's recent error message (read once by aclGetRecentErrMsg) and returns
// `code`, so that a check is one line: `return fail(ACL_ERROR_INVALID_PARAM, "...", ...)`.
EMULATOR_API aclError fail(aclError code, const char* format, ...)
    __attribute__((format(printf, 2, 3)));

// Takes the calling thread's recent message away, as plain text, e.g. to carry it to another
// thread.
EMULATOR_API std::string take_recent_message();

}  // namespace ascend_emulator
