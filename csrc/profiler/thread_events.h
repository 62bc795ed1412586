#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "csrc/profiler/byte_queue.h"

namespace torch_npu::profiler {

// Encoded events of one thread that are not written yet.
struct ThreadEvents {
  ByteQueue op_ranges;
  uint64_t thread_id = 0;  // the kernel's id, which CANN's records carry too
  std::atomic<bool> exited{false};
};

// The calling thread's events; registered at the first call of the thread.
ThreadEvents& thread_events();

// The kernel's id of the thread that at::RecordFunction numbers `logical_id`; 0 if it has recorded
// nothing.
uint64_t thread_of_logical_id(uint64_t logical_id);

// Visits the events of every thread, then forgets threads that have ended. One caller at a time.
void for_each_thread(const std::function<void(ThreadEvents&)>& visit);

}  // namespace torch_npu::profiler
