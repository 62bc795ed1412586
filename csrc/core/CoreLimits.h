#pragma once

#include <atomic>
#include <cstdint>

#include "csrc/core/NPUStream.h"

namespace c10_npu {

// How many cube and vector cores the operators of this process on a device, or those of a stream,
// may use. Setting 0 leaves that kind as it is.
struct CoreLimits {
  uint32_t cube;
  uint32_t vector;
};

CoreLimits device_core_limits(c10::DeviceIndex device);
void set_device_core_limits(c10::DeviceIndex device, const CoreLimits& limits);
CoreLimits stream_core_limits(const NPUStream& stream);
void set_stream_core_limits(const NPUStream& stream, const CoreLimits& limits);
void reset_stream_core_limits(const NPUStream& stream);  // to those of the device

namespace detail {
extern std::atomic<bool> streams_have_limits;  // any, since the process began
void use_limits_of(aclrtStream stream);
}  // namespace detail

// CANN prepares an operator with the limits that the calling thread has chosen: before both phases.
inline void use_core_limits(aclrtStream stream) {
  if (C10_UNLIKELY(detail::streams_have_limits.load(std::memory_order_relaxed))) {
    detail::use_limits_of(stream);
  }
}

// Changes whenever a limit does: what was prepared before does not fit any more.
uint32_t core_limits_version() noexcept;

}  // namespace c10_npu
