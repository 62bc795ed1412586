#pragma once

#include "csrc/core/LaunchObserver.h"

namespace c10d_npu {

// Tells the launch observer, if there is one, of an HCCL call for as long as the scope lasts.
class LaunchNotice {
 public:
  LaunchNotice(const char* name, aclrtStream stream) : launch_{name, 0, 0, stream} {
    if (observer_ != nullptr) launch_.begin_ns = c10_npu::launch_clock_ns();
  }
  ~LaunchNotice() {
    if (observer_ == nullptr) return;
    launch_.end_ns = c10_npu::launch_clock_ns();
    observer_->on_launch(launch_);
  }
  LaunchNotice(const LaunchNotice&) = delete;
  LaunchNotice& operator=(const LaunchNotice&) = delete;

 private:
  c10_npu::LaunchObserver* const observer_ = c10_npu::launch_observer();
  c10_npu::Launch launch_;
};

}  // namespace c10d_npu
