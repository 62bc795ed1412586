#pragma once

#include <c10/core/CachingDeviceAllocator.h>

#include <atomic>
#include <functional>
#include <vector>

#include "csrc/core/allocator/Block.h"

namespace c10_npu::allocator {

using c10::CachingDeviceAllocator::CreateContextFn;
using c10::CachingDeviceAllocator::RecordContext;
using c10::CachingDeviceAllocator::TraceEntry;

// What history is kept of, for all devices. Off unless somebody asked for it.
namespace history {
inline std::atomic<CreateContextFn> create_context{nullptr};
inline std::atomic<RecordContext> level{RecordContext::NEVER};

// The stacks of the calling thread, if `least` or more is recorded. Must not be called with an
// allocator's lock held: taking stacks needs Python's.
inline Context gather(RecordContext least) {
  if (C10_LIKELY(level.load(std::memory_order_relaxed) < least)) return nullptr;
  const CreateContextFn create = create_context.load();
  return create == nullptr ? nullptr : create();
}
}  // namespace history

// The last events of one device's memory. Not thread-safe: its DeviceMemory has a lock.
class History {
 public:
  // 0: add nothing more to what there is.
  void start(size_t max_entries, bool clear);

  bool is_kept() const { return max_entries_ != 0; }
  void add(TraceEntry entry);
  // Oldest first.
  std::vector<TraceEntry> entries() const;

 private:
  size_t max_entries_ = 0;
  size_t oldest_ = 0;  // once the ring is full
  std::vector<TraceEntry> entries_;
};

}  // namespace c10_npu::allocator
