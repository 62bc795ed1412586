#pragma once

#include <atomic>

namespace c10_npu {

// What happens when the host waits for a stream: torch.npu.set_sync_debug_mode().
enum class SyncDebugMode : int { kDefault = 0, kWarn = 1, kError = 2 };

void set_sync_debug_mode(SyncDebugMode mode);
SyncDebugMode sync_debug_mode() noexcept;

namespace detail {
inline std::atomic<SyncDebugMode> sync_debug_mode{SyncDebugMode::kDefault};
void report_synchronization();
}  // namespace detail

// Called when the host has waited for a stream. Warns or raises if that was asked for: after the
// wait, as copies to memory that goes away with the exception must be over.
inline void after_synchronization() {
  if (detail::sync_debug_mode.load(std::memory_order_relaxed) != SyncDebugMode::kDefault)
      [[unlikely]] {
    detail::report_synchronization();
  }
}

}  // namespace c10_npu
