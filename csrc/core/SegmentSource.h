#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <cstddef>

namespace c10_npu {

// Where a memory pool has its segments from, other than CANN.
class SegmentSource {
 public:
  virtual ~SegmentSource() = default;
  // nullptr: there is no such memory.
  virtual void* allocate(size_t bytes, c10::DeviceIndex device, c10::StreamId stream) = 0;
  virtual void free(void* address, size_t bytes, c10::DeviceIndex device,
                    c10::StreamId stream) noexcept = 0;
};

}  // namespace c10_npu
