#include "csrc/core/allocator/DeviceMemory.h"

#include <iterator>
#include <utility>

#include "csrc/core/Capture.h"
#include "csrc/core/allocator/Settings.h"

namespace c10_npu::allocator {
namespace {

// What is cut off must be of use: small requests share segments freely, large ones only leave
// pieces that large requests can take, unless the piece can grow.
bool should_split(const Block& block, size_t size, size_t max_split) {
  const size_t rest = block.size - size;
  if (!block.large || block.expandable != nullptr) return rest >= kMinBlock;
  return rest > kSmallLimit && size < max_split;
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
  Context context = history::gather(RecordContext::STATE);
  const bool rounds = settings::rounds_to_divisions.load(std::memory_order_relaxed);
  const size_t size =
      block_size(C10_UNLIKELY(rounds) ? settings::round_to_divisions(requested) : requested);
  const bool large = size > kSmallLimit;
  const size_t max_split = settings::max_split_size.load(std::memory_order_relaxed);
  const size_t limit =
      C10_LIKELY(size < max_split) ? max_split : size + settings::max_non_split_rounding();

  std::unique_lock lock(mutex_);
  if (C10_UNLIKELY(!deferred_.empty())) record_deferred_uses();
  if (C10_UNLIKELY(!pending_.empty())) finish_pending_uses(/*wait=*/false);
  StreamPool& pool = pool_for(stream);
  Block* block = pool.take_best_fit(size, large, limit);
  const bool was_split = block != nullptr && block->is_split();
  if (C10_UNLIKELY(block == nullptr)) block = new_block({requested, size, context}, pool, lock);
  if (was_split) subtract_inactive_split(stats_, *block);
  if (should_split(*block, size, max_split)) split(block, size);

  block->allocated = true;
  block->requested = requested;
  if (C10_UNLIKELY(history_.is_kept())) note(TraceEntry::ALLOC, *block, context);
  if (C10_UNLIKELY(context != nullptr)) block->context = std::move(context);
  add(stats_.allocation, large, 1);
  add(stats_.allocated_bytes, large, block->size);
  add(stats_.active, large, 1);
  add(stats_.active_bytes, large, block->size);
  add(stats_.requested_bytes, large, requested);
  return block;
}

void DeviceMemory::free(Block* block) noexcept {
  const Context context = history::gather(RecordContext::ALL);
  const std::lock_guard lock(mutex_);
  block->allocated = false;
  if (C10_UNLIKELY(history_.is_kept())) note(TraceEntry::FREE_REQUESTED, *block, context);
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

// Makes the end of a block, from `size` on, a block of its own, which is in no pool.
Block* DeviceMemory::cut(Block* block, size_t size) {
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
           .expandable = block->expandable,
           .large = block->large,
           .mapped = block->mapped,
           .freed_at = block->freed_at};
  if (rest->next != nullptr) rest->next->previous = rest;
  block->next = rest;
  block->size = size;
  return rest;
}

// Puts the end of a free block, from `size` on, back into its pool.
void DeviceMemory::split(Block* block, size_t size) {
  Block* rest = cut(block, size);
  block->pool->insert(rest);
  if (rest->is_split()) add_inactive_split(stats_, *rest);
}

// Takes `second`, which is in no pool, into the block before it.
void DeviceMemory::join(Block* first, Block* second) {
  first->size += second->size;
  first->next = second->next;
  if (first->next != nullptr) first->next->previous = first;
  spare_blocks_.push_back(second);
}

void DeviceMemory::return_to_pool(Block* block) {
  subtract(stats_.active, block->large, 1);
  subtract(stats_.active_bytes, block->large, block->size);
  subtract(stats_.requested_bytes, block->large, block->requested);
  block->requested = 0;
  if (C10_UNLIKELY(history_.is_kept())) note(TraceEntry::FREE_COMPLETED, *block, nullptr);
  if (C10_UNLIKELY(block->context != nullptr)) block->context.reset();
  block = merge(block, block->previous);
  block = merge(block, block->next);
  block->freed_at = ++clock_;
  block->pool->insert(block);
  if (block->is_split()) add_inactive_split(stats_, *block);
  if (C10_UNLIKELY(!settings::caching())) release_at_once(block);
}

// One block of two neighbours, if the other one is free.
Block* DeviceMemory::merge(Block* block, Block* neighbour) {
  if (neighbour == nullptr || !neighbour->is_free() || !neighbour->mapped) return block;
  neighbour->pool->remove(neighbour);
  if (neighbour->is_split()) subtract_inactive_split(stats_, *neighbour);
  Block* first = neighbour == block->previous ? neighbour : block;
  join(first, first == block ? neighbour : block);
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
  const size_t max_split = settings::max_split_size;
  stats.max_split_size = max_split == SIZE_MAX ? -1 : static_cast<int64_t>(max_split);
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

void DeviceMemory::add_pool_use(MempoolId_t id, std::shared_ptr<SegmentSource> source) {
  const std::lock_guard lock(mutex_);
  private_pools_.add_use(id, std::move(source));
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

void DeviceMemory::note(TraceEntry::Action action, const Block& block, Context context) {
  note(action, reinterpret_cast<size_t>(block.address), block.size, *block.pool,
       std::move(context));
}

void DeviceMemory::note(TraceEntry::Action action, size_t address, size_t size,
                        const StreamPool& pool, Context context) {
  if (!history_.is_kept()) return;
  if (history::level.load(std::memory_order_relaxed) < RecordContext::ALLOC) context.reset();
  const MempoolId_t owner = pool.owner() == nullptr ? MempoolId_t(0, 0) : pool.owner()->id;
  history_.add({action, device_, address, size, reinterpret_cast<void*>(pool.stream()), owner,
                c10::getApproximateTime(), std::move(context)});
}

void DeviceMemory::record_history(size_t max_entries, bool clear) {
  const std::lock_guard lock(mutex_);
  history_.start(max_entries, clear);
}

MemorySnapshot DeviceMemory::snapshot() {
  const std::lock_guard lock(mutex_);
  MemorySnapshot result{.segments = {}, .history = history_.entries()};
  for (const Block* first : segments_) describe_segment(*first, device_, result.segments);
  return result;
}

}  // namespace c10_npu::allocator
