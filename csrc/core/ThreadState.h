#pragma once

#include <c10/core/Stream.h>

#include <array>

#include "csrc/core/Macros.h"

namespace c10_npu {

// What each thread has selected. Plain data, so that reading it is a thread-local load.
struct ThreadState {
  c10::DeviceIndex current = 0;
  // The device CANN has for this thread; -1: none yet. Behind `current` only between a guard's
  // restore of an unused device and the next use.
  c10::DeviceIndex bound = -1;
  std::array<c10::StreamId, kMaxDevices> streams{};  // 0 is the default stream
};

extern constinit thread_local ThreadState thread_state;

// Binds the thread to its current device in CANN.
void bind_current_device();

// For calls that need no particular device, but any.
inline void ensure_bound() {
  if (C10_UNLIKELY(thread_state.bound != thread_state.current)) bind_current_device();
}

}  // namespace c10_npu
