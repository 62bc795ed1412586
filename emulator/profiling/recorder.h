#pragma once

#include <atomic>
#include <cstdint>

#include "emulator/runtime/export.h"

namespace ascend_emulator {

class Task;

// Inline, so that both ascend_emulator::enabled and the clearer profiling::enabled name it.
inline namespace profiling {

// CANN's record levels (MsprofApi.level).
enum class Level : uint16_t {
  kMark = 20500,
  kAcl = 20000,
  kModel = 15000,
  kNode = 10000,
  kCommunication = 5500,
  kRuntime = 5000,
};

// True between aclprofStart and aclprofStop. The only thing that is read while profiling is off.
EMULATOR_API extern std::atomic<bool> enabled;

// True when the running configuration asks for tensor shapes, i.e. when TaskInfo::details is worth
// building. Details are six fields joined by '|', tensors within a field by ';':
//   input shapes | input dtypes | input formats | output shapes | output dtypes | output formats
//   "2,3;3,4|FLOAT;FLOAT|ND;ND|2,4|FLOAT|ND"
EMULATOR_API extern std::atomic<bool> shapes_enabled;

// CLOCK_MONOTONIC_RAW: the clock of every emulated record.
EMULATOR_API uint64_t now_ns();

// Records one host API call. The outermost scope of a thread draws a connection id, which inner
// scopes share and which enqueue() copies into TaskInfo, so that a task finds the call it came
// from. It is the thread id in the high half and a number unique in the process in the low half.
// `name` must be a static string. An aclnn call that launches opens
//   ApiScope api(Level::kAcl, "aclnnAdd"); ApiScope launch(Level::kNode, "launch");
class ApiScope {
 public:
  ApiScope(Level level, const char* name) {
    if (enabled.load(std::memory_order_relaxed)) begin(level, name);
  }
  ~ApiScope() {
    if (name_ != nullptr) end();
  }
  ApiScope(const ApiScope&) = delete;
  ApiScope& operator=(const ApiScope&) = delete;

 private:
  EMULATOR_API void begin(Level level, const char* name);
  EMULATOR_API void end();

  const char* name_ = nullptr;
  uint64_t begin_ns_ = 0;
  Level level_ = Level::kAcl;
};

// Connection id of the calling thread's open scope, 0 outside of any (or while profiling is off).
EMULATOR_API uint64_t current_connection_id();

struct TaskRecord {
  int device;
  uint32_t stream;
  uint32_t task;
  uint64_t submit_ns;
  uint64_t start_ns;
  uint64_t end_ns;
};

// Called by the stream's worker after a task has run, only while `enabled` is set.
EMULATOR_API void task_finished(const Task& task, const TaskRecord& record);

}  // namespace profiling
}  // namespace ascend_emulator
