#include "emulator/runtime/error.h"

#include <cstdarg>
#include <cstdio>
#include <utility>

#include "acl/acl_rt.h"

namespace ascend_emulator {
namespace {

struct ThreadErrors {
  std::string recent;    // plain text, not read yet
  std::string returned;  // keeps the text of the last aclGetRecentErrMsg alive
  aclError last = ACL_SUCCESS;
};
thread_local ThreadErrors thread_errors;

}  // namespace

aclError fail(aclError code, const char* format, ...) {
  char text[2048];
  va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  thread_errors.recent = text;
  thread_errors.last = code;
  return code;
}

std::string take_recent_message() { return std::exchange(thread_errors.recent, {}); }

}  // namespace ascend_emulator

using ascend_emulator::fail;
using ascend_emulator::take_recent_message;
using ascend_emulator::thread_errors;

const char* aclGetRecentErrMsg() {
  const std::string recent = take_recent_message();
  // The form of CANN's own messages: clients look for the code at the start.
  thread_errors.returned = recent.empty() ? "" : "EE9999: [ascend_emulator] " + recent + "\n";
  return thread_errors.returned.c_str();
}

aclError aclrtPeekAtLastError(aclrtLastErrLevel level) {
  if (level != ACL_RT_THREAD_LEVEL) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtPeekAtLastError: unknown level %d", level);
  }
  return thread_errors.last;
}

aclError aclrtGetLastError(aclrtLastErrLevel level) {
  const aclError last = aclrtPeekAtLastError(level);
  thread_errors.last = ACL_SUCCESS;
  return last;
}
