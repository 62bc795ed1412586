#include "csrc/core/NPUCachingAllocator.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFormat.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/allocator/DeviceMemory.h"
#include "csrc/core/allocator/Settings.h"

namespace c10_npu::NPUCachingAllocator {
namespace {

using allocator::Block;
using allocator::DeviceMemory;

// Never destroyed: tensors may be freed while the process exits.
std::array<std::atomic<DeviceMemory*>, kMaxDevices> memories{};

// Of devices that are first used later, too.
std::atomic<size_t> history_entries{0};

DeviceMemory& create_memory(c10::DeviceIndex device) {
  auto* created = new DeviceMemory(device);
  created->record_history(history_entries, /*clear=*/true);
  DeviceMemory* existing = nullptr;
  if (memories[device].compare_exchange_strong(existing, created)) return *created;
  delete created;
  return *existing;
}

DeviceMemory& memory_of(c10::DeviceIndex device) {
  DeviceMemory* memory = memories[device].load(std::memory_order_acquire);
  return C10_LIKELY(memory != nullptr) ? *memory : create_memory(device);
}

DeviceMemory& checked_memory_of(c10::DeviceIndex device) {
  check_device_index(device);
  return memory_of(device);
}

void report_to_profiler(const Block& block, DeviceMemory& memory, c10::Device device,
                        bool allocated) {
  if (C10_LIKELY(!c10::memoryProfilingEnabled())) return;
  const auto [used, reserved] = memory.usage();
  const auto change = static_cast<int64_t>(block.size);
  c10::reportMemoryUsageToProfiler(block.address, allocated ? change : -change, used, reserved,
                                   device);
}

void free_block(void* context) {
  // A forked child has copies of its parent's tensors; the memory is not its to manage.
  if (context == nullptr || is_in_bad_fork()) return;
  auto* block = static_cast<Block*>(context);
  DeviceMemory& memory = *block->memory;
  report_to_profiler(*block, memory, c10::Device(kNPU, memory.device()), false);
  memory.free(block);
}

// The thread is bound to the stream's device.
c10::DataPtr allocate_bound(size_t bytes, NPUStream stream) {
  if (bytes == 0) return {nullptr, nullptr, &free_block, stream.device()};
  DeviceMemory& memory = memory_of(stream.device_index());
  Block* block = memory.allocate(bytes, stream);
  report_to_profiler(*block, memory, stream.device(), true);
  return {block->address, block, &free_block, stream.device()};
}

struct CachingAllocator final : c10::DeviceAllocator {
  c10::DataPtr allocate(size_t bytes) override {
    return allocate_bound(bytes, getCurrentNPUStream());
  }

  void copy_data(void* destination, const void* source, size_t bytes) const override {
    NPUCachingAllocator::copy_data(destination, source, bytes);
  }

  bool initialized() override { return is_initialized(); }

  void emptyCache(c10::MempoolId_t pool) override { NPUCachingAllocator::emptyCache(pool); }

  void recordStream(const c10::DataPtr& data, c10::Stream stream) override {
    NPUCachingAllocator::recordStream(data, NPUStream(stream));
  }

  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device) override {
    return NPUCachingAllocator::getDeviceStats(device);
  }

  void resetAccumulatedStats(c10::DeviceIndex device) override {
    NPUCachingAllocator::resetAccumulatedStats(device);
  }

  void resetPeakStats(c10::DeviceIndex device) override {
    NPUCachingAllocator::resetPeakStats(device);
  }

  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex device) override {
    return NPUCachingAllocator::getMemoryInfo(device);
  }
};

CachingAllocator& instance() {
  static CachingAllocator& allocator = *new CachingAllocator;
  return allocator;
}

const bool registered = [] {
  c10::SetAllocator(kNPU, &instance());
  return true;
}();

std::atomic<c10::DeviceAllocator*> current{&instance()};
std::atomic<NPUPluggableAllocator*> replacement{nullptr};

}  // namespace

c10::DeviceAllocator* get() { return current.load(std::memory_order_relaxed); }

// Kept for ever: tensors may outlive whoever called this.
void replace(std::shared_ptr<NPUPluggableAllocator> allocator) {
  TORCH_CHECK(!is_initialized(),
              "the npu allocator can be replaced only before the first use of a device");
  auto* kept = new std::shared_ptr<NPUPluggableAllocator>(std::move(allocator));
  replacement = kept->get();
  current = kept->get();
  c10::SetAllocator(kNPU, kept->get(), /*priority=*/1);
}

void copy_data(void* destination, const void* source, size_t bytes) {
  NPU_CHECK(aclrtMemcpyAsync(destination, bytes, source, bytes, ACL_MEMCPY_DEVICE_TO_DEVICE,
                             getCurrentNPUStream().stream()));
}

c10::DataPtr allocate(size_t bytes, NPUStream stream) {
  if (NPUPluggableAllocator* other = replacement.load()) return other->allocate_for(bytes, stream);
  const NPUGuard guard(stream.device_index());
  return allocate_bound(bytes, stream);
}

void recordStream(const c10::DataPtr& data, NPUStream stream) {
  if (const FormattedMemory* formatted = formatted_memory(data)) {
    return recordStream(formatted->memory, stream);
  }
  if (NPUPluggableAllocator* other = replacement.load()) return other->recordStream(data, stream);
  if (data.get_deleter() != &free_block || data.get_context() == nullptr) return;
  auto* block = static_cast<Block*>(data.get_context());
  block->memory->record_stream(block, stream);
}

void emptyCache(c10::MempoolId_t pool) {
  for (auto& memory : memories) {
    if (DeviceMemory* used = memory.load()) used->empty_cache(pool);
  }
}

void addPoolUse(c10::DeviceIndex device, c10::MempoolId_t pool,
                std::shared_ptr<SegmentSource> source) {
  checked_memory_of(device).add_pool_use(pool, std::move(source));
}

void releasePool(c10::DeviceIndex device, c10::MempoolId_t pool) {
  memory_of(device).drop_pool_use(pool);
}

int getPoolUseCount(c10::DeviceIndex device, c10::MempoolId_t pool) {
  return checked_memory_of(device).pool_uses(pool);
}

void beginAllocateToPool(c10::DeviceIndex device, c10::MempoolId_t pool,
                         std::function<bool(c10::Stream)> filter) {
  checked_memory_of(device).begin_allocate_to_pool(pool, std::move(filter));
}

void endAllocateToPool(c10::DeviceIndex device, c10::MempoolId_t pool) {
  checked_memory_of(device).end_allocate_to_pool(pool);
}

c10::MempoolId_t newPoolId(bool user_created) {
  static std::atomic<c10::CaptureId_t> last{0};
  const c10::CaptureId_t number = ++last;
  return user_created ? c10::MempoolId_t(0, number) : c10::MempoolId_t(number, 0);
}

c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device) {
  return checked_memory_of(device).stats();
}

void resetAccumulatedStats(c10::DeviceIndex device) {
  checked_memory_of(device).reset_accumulated_stats();
}

void resetPeakStats(c10::DeviceIndex device) { checked_memory_of(device).reset_peak_stats(); }

void setMemoryFraction(double fraction, c10::DeviceIndex device) {
  checked_memory_of(device).set_fraction(fraction);
}

double getMemoryFraction(c10::DeviceIndex device) { return checked_memory_of(device).fraction(); }

std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex device) {
  return checked_memory_of(device).free_and_total();
}

Snapshot snapshot() {
  Snapshot all;
  for (auto& entry : memories) {
    DeviceMemory* memory = entry.load();
    if (memory == nullptr) continue;
    allocator::MemorySnapshot one = memory->snapshot();
    std::ranges::move(one.segments, std::back_inserter(all.segments));
    all.history.resize(static_cast<size_t>(memory->device()) + 1);
    all.history.back() = std::move(one.history);
  }
  return all;
}

void recordHistory(size_t max_entries, bool clear, c10::CachingDeviceAllocator::RecordContext level,
                   c10::CachingDeviceAllocator::CreateContextFn create) {
  allocator::history::create_context = create;
  allocator::history::level = level;
  history_entries = max_entries;
  for (auto& memory : memories) {
    if (DeviceMemory* used = memory.load()) used->record_history(max_entries, clear);
  }
}

Settings settings() {
  namespace given = allocator::settings;
  return {given::expandable_segments(), given::huge_pages_1g(), given::max_split_size,
          given::garbage_collection_threshold()};
}

std::pair<std::string, size_t> share(const c10::DataPtr& data) {
  TORCH_CHECK(data.get_deleter() == &free_block && data.get_context() != nullptr,
              "only npu memory of this process's caching allocator can be shared with other "
              "processes: clone() the tensor before it is sent");
  auto* block = static_cast<Block*>(data.get_context());
  const NPUGuard guard(block->memory->device());
  allocator::SharedMemory shared = block->memory->share(block);
  return {std::move(shared.key), shared.offset};
}

}  // namespace c10_npu::NPUCachingAllocator
