#pragma once

#include "acl/acl_base.h"
#include "emulator/profiling/recorder.h"
#include "emulator/runtime/context.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/process.h"

namespace ascend_emulator {

inline aclError fail_forked(const char* api) {
  return fail(ACL_ERROR_RT_INTERNAL_ERROR,
              "%s: this process was forked after its parent had used a device, which cannot work: "
              "start processes with the spawn or forkserver method instead",
              api);
}

inline aclError fail_no_device(const char* api) {
  return fail(ACL_ERROR_RT_CONTEXT_NULL,
              "%s: the calling thread has no device: call aclrtSetDevice or aclrtSetCurrentContext "
              "in it first",
              api);
}

}  // namespace ascend_emulator

// First line of an API function: records the call when profiling, and refuses it in a forked child.
#define ACL_API_SCOPE(api)                                \
  const ::ascend_emulator::profiling::ApiScope api_scope( \
      ::ascend_emulator::profiling::Level::kAcl, #api);   \
  if (::ascend_emulator::forked()) return ::ascend_emulator::fail_forked(#api)
