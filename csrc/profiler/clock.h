#pragma once

#include <cstdint>
#include <ctime>

namespace torch_npu::profiler {

// CLOCK_MONOTONIC_RAW, the clock that CANN stamps its records with.
inline uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace torch_npu::profiler
