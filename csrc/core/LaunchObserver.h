#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

#include "acl/acl_base.h"

namespace c10_npu {

// The clock of launches: CLOCK_MONOTONIC_RAW, which CANN's profiler uses too.
inline uint64_t launch_clock_ns() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// One operator handed to a stream, with the times of the host's call.
struct Launch {
  const char* name;  // static storage
  uint64_t begin_ns;
  uint64_t end_ns;
  aclrtStream stream;
};

// Told of every launch while set. Called on the launching thread, so it must be quick.
class LaunchObserver {
 public:
  virtual ~LaunchObserver() = default;
  virtual void on_launch(const Launch& launch) = 0;
};

namespace detail {
inline std::atomic<LaunchObserver*> launch_observer{nullptr};
}

// nullptr while nobody watches: launches then read no clock.
inline LaunchObserver* launch_observer() {
  return detail::launch_observer.load(std::memory_order_relaxed);
}

// The observer must outlive launches in flight on other threads: reset to nullptr, never destroy.
inline void set_launch_observer(LaunchObserver* observer) {
  detail::launch_observer.store(observer, std::memory_order_release);
}

}  // namespace c10_npu
