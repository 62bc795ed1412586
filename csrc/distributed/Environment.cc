#include "csrc/distributed/Environment.h"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <string>

#include "csrc/core/Env.h"

namespace c10d_npu {
namespace {

ErrorHandling read_error_handling() {
  const char* text = std::getenv("TORCH_HCCL_ASYNC_ERROR_HANDLING");
  if (text == nullptr) text = std::getenv("HCCL_ASYNC_ERROR_HANDLING");
  if (text == nullptr) return ErrorHandling::kTearDown;
  const std::string value = text;
  TORCH_CHECK_VALUE(value.size() == 1 && value >= "0" && value <= "3",
                    "TORCH_HCCL_ASYNC_ERROR_HANDLING must be 0, 1, 2 or 3, got '", value, "'");
  return static_cast<ErrorHandling>(value[0] - '0');
}

}  // namespace

Environment Environment::read() {
  using c10_npu::env::flag;
  Environment environment{
      .error_handling = read_error_handling(),
      .blocking_wait = flag("TORCH_HCCL_BLOCKING_WAIT") || flag("HCCL_BLOCKING_WAIT"),
      .high_priority = flag("TORCH_HCCL_HIGH_PRIORITY"),
  };
  // A caller who waits on the host sees the error there: two handlers would race.
  if (environment.blocking_wait) environment.error_handling = ErrorHandling::kNone;
  return environment;
}

}  // namespace c10d_npu
