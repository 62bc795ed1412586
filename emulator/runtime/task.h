#pragma once

#include <cstdint>
#include <string>

#include "acl/acl_base.h"
#include "emulator/runtime/export.h"

namespace ascend_emulator {

enum class TaskKind : uint8_t {
  kKernel,
  kCollective,
  kMemcpy,
  kEvent,
  kHostFunction,
  kGraph,
  kMark
};

// What profiles and error messages say about a task. The strings are static.
struct TaskInfo {
  const char* name = "";
  const char* type = "";
  const char* engine = "";  // AI_CORE, AI_VECTOR_CORE, AI_CPU, MEMCPY_ASYNC, EVENT_RECORD, HCCL …
  uint64_t connection_id = 0;  // set by enqueue(): the host call that submitted the task
  uint64_t bytes = 0;
  const std::string* details = nullptr;  // shapes, only when profiling; owned by the task
  TaskKind kind = TaskKind::kKernel;     // kKernel: counted by emulatorTaskCount, slowed on request
};

// A unit of ordered work on a stream. One that is captured runs once for each run of its graph.
class EMULATOR_API Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task();

  // Runs on the stream's worker thread. Anything but ACL_SUCCESS becomes the stream's asynchronous
  // error, with the message that fail() recorded on this thread.
  virtual aclError run() = 0;

  // False: run() would wait for something outside of the stream. A graph runs another branch then.
  virtual bool ready() const { return true; }

  TaskInfo info{};
};

}  // namespace ascend_emulator
