#pragma once

#include "acl/acl_base.h"
#include "emulator/runtime/error.h"

// A function that is not emulated, but that clients need to find when they are loaded. Calling it
// is an error with a message. Its parameters do not matter to the calling convention. Whatever can
// be looked up later (dlsym) must be absent instead.
#define REFUSE(function)                                                                   \
  extern "C" CANN_API aclError function() {                                                \
    return ::ascend_emulator::fail(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "%s is not emulated", \
                                   #function);                                             \
  }
