#include "csrc/core/allocator/DeviceMemory.h"

#include <iterator>
#include <utility>

namespace c10_npu::allocator {
namespace {

// What is cut off must be of use: small requests share segments freely, large ones only leave
// pieces that large requests can take.
bool should_split(const Block& block, size_t size) {
  const size_t rest = block.size - size;
  return block.large ? rest > kSmallLimit : rest >= kMinBlock;
}

}  // namespace

StreamPool& DeviceMemory::pool_of(c10::StreamId stream) {
  if (C10_LIKELY(last_pool_ != nullptr && last_pool_->stream() == stream)) return *last_pool_;
  std::unique_ptr<StreamPool>& pool = pools_[stream];
  if (!pool) pool = std::make_unique<StreamPool>(stream);
  last_pool_ = pool.get();
  return *last_pool_;
}

Block* DeviceMemory::allocate(size_t requested, c10::StreamId stream) {
  const size_t size = block_size(requested);
  const bool large = size > kSmallLimit;

  const std::lock_guard lock(mutex_);
  if (C10_UNLIKELY(!pending_.empty())) finish_pending_uses(/*wait=*/false);
  StreamPool& pool = pool_of(stream);
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

void DeviceMemory::finish_pending_uses(bool wait) {
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

std::pair<size_t, size_t> DeviceMemory::usage() {
  const std::lock_guard lock(mutex_);
  return {current(stats_.allocated_bytes), current(stats_.reserved_bytes)};
}

void DeviceMemory::snapshot(std::vector<SegmentInfo>& segments) {
  const std::lock_guard lock(mutex_);
  for (const Block* first : segments_) segments.push_back(describe_segment(*first, device_));
}

}  // namespace c10_npu::allocator
