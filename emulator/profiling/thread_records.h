#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "emulator/profiling/marks.h"
#include "emulator/profiling/record_queue.h"
#include "emulator/profiling/recorder.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator {
inline namespace profiling {

struct ApiRecord {
  const char* name;
  uint64_t begin_ns;
  uint64_t end_ns;
  uint32_t thread_id;
  uint32_t connection_id;
  Level level;
};

struct FinishedTask {
  TaskRecord record;
  TaskInfo info;        // its `details` is not valid any more
  std::string details;  // "" if shapes were not recorded
};

// What one thread has recorded and nobody has collected yet.
struct ThreadRecords {
  RecordQueue<ApiRecord> apis;
  RecordQueue<FinishedTask> tasks;
  RecordQueue<Mark> marks;
  uint32_t thread_id = 0;
  uint32_t open_scopes = 0;
  uint64_t connection_id = 0;
  std::atomic<bool> exited{false};
};

// The calling thread's records; registered at the first call of the thread.
ThreadRecords& thread_records();

// Visits the records of every thread, then forgets threads that have ended. One caller at a time.
void for_each_thread(const std::function<void(ThreadRecords&)>& visit);

}  // namespace profiling
}  // namespace ascend_emulator
