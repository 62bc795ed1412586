#pragma once

#include <chrono>

namespace c10d_npu {

// TORCH_HCCL_ASYNC_ERROR_HANDLING: what happens when a collective fails or takes too long.
enum class ErrorHandling {
  kNone = 0,         // the error waits in the Work
  kTearDown = 1,     // abort the communicator, end the process
  kCleanUpOnly = 2,  // abort the communicator
  kSkipCleanUp = 3,  // end the process
};

// The variables that a process group reads when it is made. Throws for a value that means nothing.
struct Environment {
  ErrorHandling error_handling;
  bool blocking_wait;
  bool high_priority;

  static Environment read();
};

}  // namespace c10d_npu
