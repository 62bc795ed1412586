#include "csrc/distributed/Environment.h"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <string>

namespace c10d_npu {
namespace {

struct Variable {
  const char* name;
  const char* old_name;  // still read, as users' scripts set it
  int fallback;
  int highest;
};

constexpr Variable kErrorHandling = {"TORCH_HCCL_ASYNC_ERROR_HANDLING", "HCCL_ASYNC_ERROR_HANDLING",
                                     1, 3};
constexpr Variable kBlockingWait = {"TORCH_HCCL_BLOCKING_WAIT", "HCCL_BLOCKING_WAIT", 0, 1};
constexpr Variable kHighPriority = {"TORCH_HCCL_HIGH_PRIORITY", nullptr, 0, 1};

int read_variable(const Variable& variable) {
  const char* text = std::getenv(variable.name);
  if (text == nullptr && variable.old_name != nullptr) text = std::getenv(variable.old_name);
  if (text == nullptr) return variable.fallback;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  TORCH_CHECK_VALUE(end != text && *end == '\0' && value >= 0 && value <= variable.highest,
                    variable.name, " is '", text, "', expected 0 to ", variable.highest);
  return static_cast<int>(value);
}

}  // namespace

Environment Environment::read() {
  Environment environment{static_cast<ErrorHandling>(read_variable(kErrorHandling)),
                          read_variable(kBlockingWait) != 0, read_variable(kHighPriority) != 0};
  // A caller who waits on the host sees the error there: two handlers would race.
  if (environment.blocking_wait) environment.error_handling = ErrorHandling::kNone;
  return environment;
}

}  // namespace c10d_npu
