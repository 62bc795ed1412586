#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "emulator/runtime/export.h"

namespace ascend_emulator {
inline namespace profiling {

enum class MarkKind : uint16_t { kMark = 0, kRange = 2 };  // CANN's numbers (ENUM_MSTX_EVENT_TYPE)

// What a client has marked with mstx. Its thread has an open ApiScope of Level::kMark.
struct Mark {
  MarkKind kind;
  uint64_t id;  // of a range, 0 otherwise
  uint64_t begin_ns;
  uint64_t end_ns;
  uint32_t begin_thread;
  uint32_t begin_connection;  // the task on the stream, if there is one, has the same
  uint32_t end_thread;
  uint32_t end_connection;
  std::string domain;
  std::string message;
};

// True while a running configuration asks for marks.
EMULATOR_API extern std::atomic<bool> marks_enabled;

// The calling thread, and its open scope.
EMULATOR_API uint32_t current_thread();
EMULATOR_API void record_mark(Mark mark);

}  // namespace profiling
}  // namespace ascend_emulator
