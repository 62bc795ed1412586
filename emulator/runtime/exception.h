#pragma once

#include <cstdint>

#include "acl/acl_rt.h"

// What a client is told of a task that failed. The order of the fields is CANN's: clients with its
// internal header read them directly.
struct rtExceptionInfo {
  uint32_t taskid;
  uint32_t streamid;
  uint32_t tid;  // of the thread that submitted the task
  uint32_t deviceid;
  uint32_t retcode;
};

namespace ascend_emulator {

// Calls the client's function, if it has set one, on the calling thread.
void tell_of_exception(rtExceptionInfo info);

}  // namespace ascend_emulator
