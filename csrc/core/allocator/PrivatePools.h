#pragma once

#include <c10/core/CachingDeviceAllocator.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "csrc/core/SegmentSource.h"
#include "csrc/core/allocator/FreeBlocks.h"

namespace c10_npu::allocator {

using c10::MempoolId_t;

using StreamPools = std::unordered_map<c10::StreamId, std::unique_ptr<StreamPool>>;

// Memory that is kept apart: graphs replay in it, or a torch.npu.MemPool collects it. What is freed
// goes back to the pool and, as long as somebody uses the pool, not to the device.
struct PrivatePool {
  explicit PrivatePool(MempoolId_t id) : id(id) {}

  const MempoolId_t id;
  std::shared_ptr<SegmentSource> source;
  int uses = 0;
  int segments = 0;
  StreamPools streams;
};

// The private pools of one device, and which allocations go to them.
class PrivatePools {
 public:
  using Filter = std::function<bool(c10::Stream)>;

  void add_use(MempoolId_t id, std::shared_ptr<SegmentSource> source = nullptr);
  void drop_use(MempoolId_t id);
  int uses(MempoolId_t id) const;

  // From now on allocations for the streams that the filter takes go to the pool; of several
  // filters the newest decides. Counts as a use, which end_routing() leaves.
  void begin_routing(MempoolId_t id, Filter filter);
  void end_routing(MempoolId_t id);

  bool is_routing() const { return !routes_.empty(); }
  // nullptr: the stream's allocations go to the device's common memory.
  PrivatePool* route(c10::Stream stream);

  // Forgets pools without users and segments.
  void sweep();

 private:
  struct Route {
    PrivatePool* pool;
    Filter filter;
  };

  PrivatePool& find(MempoolId_t id);

  std::unordered_map<MempoolId_t, PrivatePool, c10::MempoolIdHash> pools_;
  std::vector<Route> routes_;
};

}  // namespace c10_npu::allocator
