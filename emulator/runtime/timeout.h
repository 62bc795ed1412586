#pragma once

#include "emulator/runtime/error.h"

namespace ascend_emulator {

// CANN's time-outs of waits are milliseconds, or -1 to wait for ever.
inline aclError check_timeout(const char* api, int32_t timeout) {
  if (timeout >= -1) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: timeout is %d ms; -1 waits for ever", api, timeout);
}

}  // namespace ascend_emulator
