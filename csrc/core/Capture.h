#pragma once

#include <array>
#include <atomic>

#include "acl/acl_base.h"
#include "csrc/core/NPUStream.h"

// Whether streams are being captured. Nobody captures most of the time, and then each question is
// one load.
namespace c10_npu {

namespace detail {
extern std::array<std::atomic<int>, kMaxDevices> captures;  // of each device, under way
extern constinit thread_local bool updates_task_group;      // between task_update_begin and _end
bool asks_cann_if_captured(const NPUStream& stream, void* model);
[[noreturn]] void throw_in_capture(const char* call);
void refuse_default_stream(const NPUStream& stream);
}  // namespace detail

// Whether a stream of the device is being captured.
inline bool capture_underway(c10::DeviceIndex device) noexcept {
  return detail::captures[device].load(std::memory_order_relaxed) != 0;
}

// Whether `stream` is being captured, into `model` if one is given.
inline bool is_captured(const NPUStream& stream, void* model = nullptr) {
  return C10_UNLIKELY(capture_underway(stream.device_index())) &&
         detail::asks_cann_if_captured(stream, model);
}

// Raises if `stream`, or any stream of the device, is being captured: `call` would wait for work
// that only runs at a replay. Asked before CANN is, which would give the capture up.
inline void refuse_in_capture(const NPUStream& stream, const char* call) {
  if (C10_UNLIKELY(is_captured(stream))) detail::throw_in_capture(call);
}
inline void refuse_in_capture(c10::DeviceIndex device, const char* call) {
  if (C10_UNLIKELY(capture_underway(device))) detail::throw_in_capture(call);
}

// After `stream` has waited for an event, which takes it into the event's capture: raises if it is
// the default stream, on which everything else in the process would be captured along.
inline void check_joined(const NPUStream& stream) {
  if (C10_UNLIKELY(capture_underway(stream.device_index()))) detail::refuse_default_stream(stream);
}

}  // namespace c10_npu
