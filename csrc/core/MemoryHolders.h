#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace c10_npu {

// Device memory that this process uses outside of the caching allocator, in bytes, for messages.
struct MemoryHolders {
  size_t workspace = 0;  // of operators that the task queue prepares
  size_t hccl = 0;       // communicators: what was free less after their creation
};
MemoryHolders memory_holders(c10::DeviceIndex device) noexcept;

void count_workspace(c10::DeviceIndex device, int64_t change) noexcept;
void count_hccl(c10::DeviceIndex device, int64_t change) noexcept;

// Called before an out-of-memory error is raised, with the device and the bytes that were asked
// for, that it has in total, and that are free.
using OutOfMemoryObserver = std::function<void(int64_t, size_t, size_t, size_t)>;
void attach_out_of_memory_observer(OutOfMemoryObserver observer);
void notify_out_of_memory(c10::DeviceIndex device, size_t requested, size_t total, size_t free);

}  // namespace c10_npu
