#pragma once

#include <ctime>

#include "csrc/core/LaunchObserver.h"

namespace c10d_npu {

// Tells the launch observer, if there is one, of an HCCL call for as long as the scope lasts.
class LaunchNotice {
 public:
  LaunchNotice(const char* name, aclrtStream stream) : launch_{name, 0, 0, stream} {
    if (observer_ != nullptr) launch_.begin_ns = now();
  }
  ~LaunchNotice() {
    if (observer_ == nullptr) return;
    launch_.end_ns = now();
    observer_->on_launch(launch_);
  }
  LaunchNotice(const LaunchNotice&) = delete;
  LaunchNotice& operator=(const LaunchNotice&) = delete;

 private:
  static uint64_t now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  }

  c10_npu::LaunchObserver* const observer_ = c10_npu::launch_observer();
  c10_npu::Launch launch_;
};

}  // namespace c10d_npu
