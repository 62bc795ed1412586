#include "emulator/profiling/marks.h"

#include "emulator/profiling/thread_records.h"

namespace ascend_emulator {
inline namespace profiling {

std::atomic<bool> marks_enabled{false};

uint32_t current_thread() { return thread_records().thread_id; }

void record_mark(Mark mark) { thread_records().marks.push(std::move(mark)); }

}  // namespace profiling
}  // namespace ascend_emulator
