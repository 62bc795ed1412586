#include "csrc/core/allocator/DeviceMemory.h"

#include <iterator>
#include <utility>

#include "csrc/core/Capture.h"

namespace c10_npu::allocator {
namespace {

// What is cut off must be of use: small requests share segments freely, large ones only leave
// pieces that large requests can take.
bool should_split(const Block& block, size_t size) {
  const size_t rest = block.size - size;
  return block.large ? rest > kSmallLimit : rest >= kMinBlock;
}

StreamPool& find_or_create(StreamPools& pools, c10::StreamId stream, PrivatePool* owner) {
  std::unique_ptr<StreamPool>& pool = pools[stream];
  if (!pool) pool = std::make_unique<StreamPool>(stream, owner);
  return *pool;
}

}  // namespace

StreamPool& DeviceMemory::pool_of(c10::StreamId stream) {
  if (C10_LIKELY(last_pool_ != nullptr && last_pool_->stream() == stream)) return *last_pool_;
  last_pool_ = &find_or_create(pools_, stream, nullptr);
  return *last_pool_;
}

StreamPool& DeviceMemory::pool_for(NPUStream stream) {
  if (C10_UNLIKELY(private_pools_.is_routing())) {
    PrivatePool* owner = private_pools_.route(stream);
    if (owner != nullptr) return find_or_create(owner->streams, stream.id(), owner);
  }
  return pool_of(stream.id());
}

Block* DeviceMemory::allocate(size_t requested, NPUStream stream) {
  const size_t size = block_size(requested);
  const bool large = size > kSmallLimit;

  const std::lock_guard lock(mutex_);
  if (C10_UNLIKELY(!deferred_.empty())) record_deferred_uses();
  if (C10_UNLIKELY(!pending_.empty())) finish_pending_uses(/*wait=*/false);
  StreamPool& pool = pool_for(stream);
  Block* block = pool.take_best_fit(size, large);
  const bool was_split = block != nullptr && !block->is_whole_segment();
  if (C10_UNLIKELY(block == nullptr)) block = new_segment(requested, pool);
  if (was_split) subtract_inactive_split(stats_, *block);
  if (should_split(*block, size)) split(block, size);

  block->allocated = true;
  block->requested = requested;
  add(stats_.allocation, large, 1);
  add(stats_.allocated_bytes, large, block->size);
  add(stats_.active, large, 1);
  add(stats_.active_bytes, large, block->size);
  add(stats_.requested_bytes, large, requested);
  return block;
}

void DeviceMemory::free(Block* block) noexcept {
  const std::lock_guard lock(mutex_);
  block->allocated = false;
  subtract(stats_.allocation, block->large, 1);
  subtract(stats_.allocated_bytes, block->large, block->size);
  if (C10_LIKELY(block->other_uses.empty())) {
    return_to_pool(block);
    return;
  }
  if (C10_UNLIKELY(capture_underway(device_))) {
    ++block->pending_events;  // one that record_deferred_uses() takes back
    deferred_.push_back(block);
    return;
  }
  try {
    record_pending_uses(block);
  } catch (const c10::Error& error) {
    // Nothing tells when the other streams are done, so the block stays out of use.
    ++block->pending_events;
    TORCH_WARN("npu memory is lost, its use on other streams could not be recorded: ",
               error.what_without_backtrace());
  }
}

// Puts the end of a free block, from `size` on, back into its pool as a block of its own.
void DeviceMemory::split(Block* block, size_t size) {
  Block* rest = nullptr;
  if (spare_blocks_.empty()) {
    rest = new Block;
  } else {
    rest = spare_blocks_.back();
    spare_blocks_.pop_back();
  }
  *rest = {.address = block->address + size,
           .size = block->size - size,
           .previous = block,
           .next = block->next,
           .memory = this,
           .pool = block->pool,
           .large = block->large};
  if (rest->next != nullptr) rest->next->previous = rest;
  block->next = rest;
  block->size = size;
  block->pool->insert(rest);
  add_inactive_split(stats_, *rest);
}

void DeviceMemory::return_to_pool(Block* block) {
  subtract(stats_.active, block->large, 1);
  subtract(stats_.active_bytes, block->large, block->size);
  subtract(stats_.requested_bytes, block->large, block->requested);
  block->requested = 0;
  block = merge(block, block->previous);
  block = merge(block, block->next);
  block->pool->insert(block);
  if (!block->is_whole_segment()) add_inactive_split(stats_, *block);
}

// One block of two neighbours, if the other one is free. The earlier of both stays.
Block* DeviceMemory::merge(Block* block, Block* neighbour) {
  if (neighbour == nullptr || !neighbour->is_free()) return block;
  neighbour->pool->remove(neighbour);
  subtract_inactive_split(stats_, *neighbour);
  Block* first = neighbour == block->previous ? neighbour : block;
  Block* second = first == block ? neighbour : block;
  first->size += second->size;
  first->next = second->next;
  if (first->next != nullptr) first->next->previous = first;
  spare_blocks_.push_back(second);
  return first;
}

void DeviceMemory::record_stream(Block* block, NPUStream stream) {
  const std::lock_guard lock(mutex_);
  if (stream.id() == block->pool->stream() && stream.device_index() == device_) return;
  for (const NPUStream& use : block->other_uses) {
    if (use == stream) return;
  }
  block->other_uses.push_back(stream);
}

// The block is free once the streams that used it have passed this point.
void DeviceMemory::record_pending_uses(Block* block) {
  const std::vector<NPUStream> uses = std::exchange(block->other_uses, {});
  for (const NPUStream& stream : uses) {
    NPUEvent event;
    const bool own_device = stream.device_index() == device_;
    if (own_device && !spare_events_.empty()) {
      event = std::move(spare_events_.back());
      spare_events_.pop_back();
    }
    event.record(stream);
    ++block->pending_events;
    pending_[stream].push_back({std::move(event), block});
  }
}

void DeviceMemory::record_deferred_uses() {
  if (capture_underway(device_)) return;
  for (Block* block : std::exchange(deferred_, {})) {
    record_pending_uses(block);
    --block->pending_events;
  }
}

void DeviceMemory::finish_pending_uses(bool wait) {
  if (capture_underway(device_)) return;
  for (auto stream = pending_.begin(); stream != pending_.end();) {
    std::deque<PendingUse>& uses = stream->second;
    while (!uses.empty()) {
      PendingUse& use = uses.front();
      if (wait) {
        use.event.synchronize();
      } else if (!use.event.query()) {
        break;
      }
      if (use.event.device_index() == device_) spare_events_.push_back(std::move(use.event));
      if (--use.block->pending_events == 0) return_to_pool(use.block);
      uses.pop_front();
    }
    stream = uses.empty() ? pending_.erase(stream) : std::next(stream);
  }
}

DeviceStats DeviceMemory::stats() {
  const std::lock_guard lock(mutex_);
  DeviceStats stats = stats_;
  stats.max_split_size = -1;  // no limit
  return stats;
}

void DeviceMemory::reset_accumulated_stats() {
  const std::lock_guard lock(mutex_);
  reset_accumulated(stats_);
}

void DeviceMemory::reset_peak_stats() {
  const std::lock_guard lock(mutex_);
  reset_peak(stats_);
}

void DeviceMemory::add_pool_use(MempoolId_t id) {
  const std::lock_guard lock(mutex_);
  private_pools_.add_use(id);
}

void DeviceMemory::drop_pool_use(MempoolId_t id) {
  const std::lock_guard lock(mutex_);
  private_pools_.drop_use(id);
  private_pools_.sweep();
}

int DeviceMemory::pool_uses(MempoolId_t id) {
  const std::lock_guard lock(mutex_);
  return private_pools_.uses(id);
}

void DeviceMemory::begin_allocate_to_pool(MempoolId_t id, PrivatePools::Filter filter) {
  const std::lock_guard lock(mutex_);
  private_pools_.begin_routing(id, std::move(filter));
}

void DeviceMemory::end_allocate_to_pool(MempoolId_t id) {
  const std::lock_guard lock(mutex_);
  private_pools_.end_routing(id);
}

std::pair<size_t, size_t> DeviceMemory::usage() {
  const std::lock_guard lock(mutex_);
  return {current(stats_.allocated_bytes), current(stats_.reserved_bytes)};
}

void DeviceMemory::snapshot(std::vector<SegmentInfo>& segments) {
  const std::lock_guard lock(mutex_);
  for (const Block* first : segments_) segments.push_back(describe_segment(*first, device_));
}

}  // namespace c10_npu::allocator
