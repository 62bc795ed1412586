#include "csrc/core/NPUHostAllocator.h"

#include <chrono>
#include <cstring>
#include <iterator>
#include <map>
#include <shared_mutex>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUStream.h"

namespace c10_npu::NPUHostAllocator {
namespace {

using HostBlock = at::HostBlock<NPUStream>;

// PyTorch's cache with CANN's memory and events.
struct CachingImpl final : at::CachingHostAllocatorImpl<NPUStream, NPUEvent> {
  bool owns(const void* data) {
    const std::shared_lock lock(ranges_mutex_);
    const auto next = ranges_.upper_bound(static_cast<const std::byte*>(data));
    if (next == ranges_.begin()) return false;
    const auto& [start, size] = *std::prev(next);
    return data < start + size;
  }

  void copy_data(void* destination, const void* source, size_t bytes) const override {
    std::memcpy(destination, source, bytes);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void count_time(c10::CachingAllocator::DurationStat& stat, Clock::time_point start) {
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
    const std::lock_guard lock(stats_.timing_mutex_);
    stat.increase(passed.count());
  }

  void allocate_host_memory(size_t bytes, void** address) override {
    getCurrentNPUStream();  // binds the thread to its device, which the call needs
    const Clock::time_point start = Clock::now();
    NPU_CHECK(aclrtMallocHost(address, bytes));
    count_time(stats_.host_alloc_time, start);
    const std::unique_lock lock(ranges_mutex_);
    ranges_.emplace(static_cast<std::byte*>(*address), bytes);
  }

  void free_block(HostBlock* block) override {
    {
      const std::unique_lock lock(ranges_mutex_);
      ranges_.erase(static_cast<std::byte*>(block->ptr_));
    }
    const Clock::time_point start = Clock::now();
    NPU_CHECK_WARN(aclrtFreeHost(block->ptr_));
    count_time(stats_.host_free_time, start);
  }

  void record_stream(std::optional<std::vector<NPUEvent>>& events, NPUStream stream) override {
    events->emplace_back().record(stream);
  }

  // An event that was recorded in a capture must not be asked, so during one none is.
  bool query_event(NPUEvent& event) override {
    return !capture_underway(event.device_index()) && event.passed();
  }

  NPUStream get_current_stream() const override { return getCurrentNPUStream(); }

  bool stream_is_capturing(NPUStream stream) const override { return is_captured(stream); }

  std::shared_mutex ranges_mutex_;
  std::map<const std::byte*, size_t> ranges_;  // start and size of all blocks, free ones too
};

void free_memory(void* context);

struct CachingAllocator final : at::CachingHostAllocatorInterface<CachingImpl, free_memory> {};

// Never destroyed: tensors may be freed while the process exits.
CachingAllocator& instance() {
  static CachingAllocator& allocator = *new CachingAllocator;
  return allocator;
}

void free_memory(void* context) {
  if (!is_in_bad_fork()) instance().free(context);
}

REGISTER_HOST_ALLOCATOR(kNPU, &instance());

}  // namespace

at::HostAllocator* get() { return &instance(); }

bool isPinned(const void* data) { return instance().impl_->owns(data); }

}  // namespace c10_npu::NPUHostAllocator
