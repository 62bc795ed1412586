#include "emulator/profiling/recorder.h"

#include <ctime>

#include "emulator/profiling/thread_records.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator {
inline namespace profiling {
namespace {

// Drawn once per outermost host call. 32 bits, as CANN's connection ids; 0 means none.
std::atomic<uint32_t> last_connection{0};

}  // namespace

std::atomic<bool> enabled{false};
std::atomic<bool> shapes_enabled{false};

uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void ApiScope::begin(Level level, const char* name) {
  ThreadRecords& records = thread_records();
  if (records.open_scopes++ == 0) {
    const uint32_t connection = last_connection.fetch_add(1, std::memory_order_relaxed) + 1;
    records.connection_id = uint64_t{records.thread_id} << 32 | connection;
  }
  level_ = level;
  name_ = name;
  begin_ns_ = now_ns();
}

void ApiScope::end() {
  const uint64_t end_ns = now_ns();
  ThreadRecords& records = thread_records();
  records.apis.push({name_, begin_ns_, end_ns, records.thread_id,
                     static_cast<uint32_t>(records.connection_id), level_});
  if (--records.open_scopes == 0) records.connection_id = 0;
}

uint64_t current_connection_id() {
  return enabled.load(std::memory_order_relaxed) ? thread_records().connection_id : 0;
}

void task_finished(const Task& task, const TaskRecord& record) {
  if (!enabled.load(std::memory_order_relaxed)) return;
  FinishedTask finished{record, task.info, {}};
  if (task.info.details != nullptr) finished.details = *task.info.details;
  finished.info.details = nullptr;
  thread_records().tasks.push(std::move(finished));
}

}  // namespace profiling
}  // namespace ascend_emulator
