#pragma once

#include <c10/core/CachingDeviceAllocator.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "csrc/core/NPUPluggableAllocator.h"
#include "csrc/core/NPUStream.h"

// Device memory, cached and reused in stream order: memory freed on the stream it was allocated
// for can be handed out again at once, because work on that stream is ordered. Use on any other
// stream has to be announced with recordStream.
namespace c10_npu::NPUCachingAllocator {

// The caching allocator, or what has taken its place.
c10::DeviceAllocator* get();

// From now on tensors have their memory from `allocator`. Only before the first use of a device.
void replace(std::shared_ptr<NPUPluggableAllocator> allocator);

// Memory for `stream` of the stream's device, whatever the current device and stream are.
c10::DataPtr allocate(size_t bytes, NPUStream stream);

// Keeps the memory from being reused until work enqueued on `stream` so far has finished. Memory
// that does not come from this allocator is ignored.
void recordStream(const c10::DataPtr& data, NPUStream stream);

// Returns unused segments to CANN, or those of one private pool that nobody uses any more.
void emptyCache(c10::MempoolId_t pool = {0, 0});

// Private pools: memory kept apart for what names it. A pool exists from its first use on; each use
// needs a releasePool().
// `source`: where the pool has its segments from, if not from CANN.
void addPoolUse(c10::DeviceIndex device, c10::MempoolId_t pool,
                std::shared_ptr<SegmentSource> source = nullptr);
void releasePool(c10::DeviceIndex device, c10::MempoolId_t pool);
int getPoolUseCount(c10::DeviceIndex device, c10::MempoolId_t pool);

// Allocations for the streams that `filter` takes go to the pool until endAllocateToPool(). Adds a
// use, which stays after that. The filter is called with the allocator's lock held.
void beginAllocateToPool(c10::DeviceIndex device, c10::MempoolId_t pool,
                         std::function<bool(c10::Stream)> filter);
void endAllocateToPool(c10::DeviceIndex device, c10::MempoolId_t pool);

// A name that no pool has: (n, 0) for those of graphs, (0, n) for those that users ask for.
c10::MempoolId_t newPoolId(bool user_created);

c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device);
void resetAccumulatedStats(c10::DeviceIndex device);
void resetPeakStats(c10::DeviceIndex device);

// Limits this process to a fraction (0..1] of the device's memory.
void setMemoryFraction(double fraction, c10::DeviceIndex device);
double getMemoryFraction(c10::DeviceIndex device);

// {free, total} bytes of the device, as CANN reports them.
std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex device);

// Every segment, and for each device what happened last, if that is recorded.
struct Snapshot {
  std::vector<c10::CachingDeviceAllocator::SegmentInfo> segments;
  std::vector<std::vector<c10::CachingDeviceAllocator::TraceEntry>> history;
};
Snapshot snapshot();

// Keeps the last `max_entries` events of each device; 0: adds no more to them. `create` takes the
// stacks that `level` asks for.
void recordHistory(size_t max_entries, bool clear, c10::CachingDeviceAllocator::RecordContext level,
                   c10::CachingDeviceAllocator::CreateContextFn create);

// What else PyTorch's allocator settings do not show.
struct Settings {
  bool expandable_segments;
  bool huge_pages_1g;
  size_t max_split_size;
  double garbage_collection_threshold;
};
Settings settings();

// The key by which another process can open the segment of `data`, and where in it that begins.
std::pair<std::string, size_t> share(const c10::DataPtr& data);

void copy_data(void* destination, const void* source, size_t bytes);

}  // namespace c10_npu::NPUCachingAllocator
