// The part of DeviceMemory that gets segments from CANN and gives them back.
#include <c10/util/Exception.h>

#include <algorithm>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/TaskQueue.h"
#include "csrc/core/allocator/DeviceMemory.h"
#include "csrc/core/allocator/Settings.h"

namespace c10_npu::allocator {
namespace {

size_t segment_size(size_t block) {
  if (!settings::caching()) return block;
  if (block <= kSmallLimit) return kSmallSegment;
  return block < kMediumLimit ? settings::large_segment_size() : round_up(block, kLargeRounding);
}

// nullptr: the device has no room for it.
void* allocate_from(SegmentSource* source, size_t size, c10::DeviceIndex device,
                    c10::StreamId stream) {
  if (source != nullptr) return source->allocate(size, device, stream);
  void* address = nullptr;
  const aclError error = aclrtMalloc(&address, size, ACL_MEM_MALLOC_HUGE_FIRST);
  if (error == ACL_ERROR_RT_MEMORY_ALLOCATION) return nullptr;
  NPU_CHECK(error);
  return address;
}

SegmentSource* source_of(const StreamPool& pool) {
  return pool.owner() == nullptr ? nullptr : pool.owner()->source.get();
}

bool is_free_segment(const Block* block) {
  return block->is_free() && block->is_whole_segment() && block->expandable == nullptr;
}

}  // namespace

// A free block, in no pool, from memory that the allocator did not hold before.
Block* DeviceMemory::new_block(const Request& request, StreamPool& pool,
                               std::unique_lock<std::mutex>& lock) {
  const bool expandable =
      settings::expandable_segments() && settings::caching() && source_of(pool) == nullptr;
  const auto attempt = [&] {
    return expandable ? expand_segment(request.size, pool, request.context)
                      : new_segment(request.size, pool, request.context);
  };
  if (settings::garbage_collection_threshold() > 0) collect_garbage(request.size);
  Block* block = attempt();
  if (block != nullptr) return block;
  ++stats_.num_alloc_retries;
  if (!capture_underway(device_)) {  // during one, nothing can be waited for
    finish_pending_uses(/*wait=*/true);
    release_free_segments({0, 0});
    block = attempt();
  }
  if (block == nullptr) throw_out_of_memory(request, pool, lock);
  return block;
}

// Whether the limit of this process allows it.
bool DeviceMemory::has_room(size_t bytes) const {
  return bytes <= limit_ && current(stats_.reserved_bytes) <= limit_ - bytes;
}

Block* DeviceMemory::new_segment(size_t block_size, StreamPool& pool, const Context& context) {
  const size_t size = segment_size(block_size);
  if (!has_room(size)) return nullptr;
  void* address = allocate_from(source_of(pool), size, device_, pool.stream());
  if (address == nullptr) return nullptr;
  const bool large = block_size > kSmallLimit;
  auto* block = new Block{.address = static_cast<std::byte*>(address),
                          .size = size,
                          .memory = this,
                          .pool = &pool,
                          .large = large};
  segments_.insert(block);
  add(stats_.segment, large, 1);
  if (PrivatePool* owner = pool.owner()) ++owner->segments;
  count_reserved(pool, large, size);
  note(TraceEntry::SEGMENT_ALLOC, *block, context);
  return block;
}

void DeviceMemory::count_reserved(const StreamPool& pool, bool large, size_t bytes) {
  ++stats_.num_device_alloc;
  add(stats_.reserved_bytes, large, bytes);
  if (const PrivatePool* owner = pool.owner()) {
    add(stats_.reserved_bytes_by_private_pools[owner->id], large, bytes);
  }
}

void DeviceMemory::count_released(const StreamPool& pool, bool large, size_t bytes) {
  ++stats_.num_device_free;
  subtract(stats_.reserved_bytes, large, bytes);
  if (const PrivatePool* owner = pool.owner()) {
    subtract(stats_.reserved_bytes_by_private_pools[owner->id], large, bytes);
  }
}

void DeviceMemory::empty_cache(MempoolId_t id) {
  refuse_in_capture(device_, "torch.npu.empty_cache()");
  const NPUGuard guard(device_);
  const std::lock_guard lock(mutex_);
  record_deferred_uses();
  finish_pending_uses(/*wait=*/true);
  release_free_segments(id);
}

// Work that used free blocks may still be queued, here and in CANN, and aclrtFree does not wait for
// it.
void DeviceMemory::wait_for_uses() {
  drain_tasks(device_);
  NPU_CHECK(aclrtSynchronizeDevice());
}

// Of the common memory and of pools that nobody uses, or of one such pool.
void DeviceMemory::release_free_segments(MempoolId_t id) {
  const auto is_unused = [id](const Block* first) {
    const PrivatePool* owner = first->pool->owner();
    const bool is_wanted = id == MempoolId_t(0, 0) || (owner != nullptr && owner->id == id);
    return is_wanted && (owner == nullptr || owner->uses == 0) &&
           (first->expandable != nullptr || is_free_segment(first));
  };
  std::vector<Block*> unused;
  std::ranges::copy_if(segments_, std::back_inserter(unused), is_unused);
  if (unused.empty()) return;
  wait_for_uses();
  for (Block* first : unused) {
    first->expandable != nullptr ? release_pages(first) : release_segment(first);
  }
  private_pools_.sweep();
}

// Keeps what is cached below a share of what there is, at the cost of what was free longest.
void DeviceMemory::collect_garbage(size_t size) {
  if (capture_underway(device_)) return;
  const size_t all = std::min(limit_, free_and_total().second);
  const auto target =
      static_cast<size_t>(settings::garbage_collection_threshold() * static_cast<double>(all));
  const auto is_over = [&] { return current(stats_.reserved_bytes) + size > target; };
  if (!is_over()) return;
  std::vector<Block*> unused;
  std::ranges::copy_if(segments_, std::back_inserter(unused), [](const Block* block) {
    return block->pool->owner() == nullptr && is_free_segment(block);
  });
  if (unused.empty()) return;
  std::ranges::sort(unused, {}, &Block::freed_at);
  wait_for_uses();
  for (auto oldest = unused.begin(); oldest != unused.end() && is_over(); ++oldest) {
    release_segment(*oldest);
  }
}

void DeviceMemory::release_segment(Block* block) {
  const StreamPool& pool = *block->pool;
  if (const auto shared = shared_.find(block->address); shared != shared_.end()) {
    NPU_CHECK_WARN(aclrtIpcMemClose(shared->second.c_str()));
    shared_.erase(shared);
  }
  if (SegmentSource* source = source_of(pool)) {
    source->free(block->address, block->size, device_, pool.stream());
  } else {
    NPU_CHECK(aclrtFree(block->address));
  }
  note(TraceEntry::SEGMENT_FREE, *block, nullptr);
  block->pool->remove(block);
  segments_.erase(block);
  subtract(stats_.segment, block->large, 1);
  if (PrivatePool* owner = pool.owner()) --owner->segments;
  count_released(pool, block->large, block->size);
  spare_blocks_.push_back(block);
}

// With PYTORCH_NO_NPU_MEMORY_CACHING=1.
void DeviceMemory::release_at_once(Block* block) noexcept {
  if (capture_underway(device_) || !is_free_segment(block)) return;
  try {
    const NPUGuard guard(device_);
    wait_for_uses();
    release_segment(block);
  } catch (const c10::Error& error) {
    TORCH_WARN("npu memory could not be given back: ", error.what_without_backtrace());
  }
}

SharedMemory DeviceMemory::share(const Block* block) {
  const std::lock_guard lock(mutex_);
  TORCH_CHECK(block->expandable == nullptr && source_of(*block->pool) == nullptr,
              "memory of expandable segments and of pluggable allocators cannot be shared with "
              "other processes: copy the tensor into one that was allocated with "
              "PYTORCH_NPU_ALLOC_CONF=expandable_segments:False");
  const Block* first = block;
  while (first->previous != nullptr) first = first->previous;
  std::string& key = shared_[first->address];
  if (key.empty()) {
    constexpr size_t kKeyLength = 65;
    size_t size = 0;
    for (const Block* part = first; part != nullptr; part = part->next) size += part->size;
    std::string exported(kKeyLength, '\0');
    NPU_CHECK(aclrtIpcMemGetExportKey(first->address, size, exported.data(), exported.size(),
                                      ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION));
    key = exported.c_str();
  }
  return {key, static_cast<size_t>(block->address - first->address)};
}

std::pair<size_t, size_t> DeviceMemory::free_and_total() const {
  const NPUGuard guard(device_);
  size_t free = 0;
  size_t total = 0;
  NPU_CHECK(aclrtGetMemInfo(ACL_HBM_MEM, &free, &total));
  return {free, total};
}

void DeviceMemory::set_fraction(double fraction) {
  TORCH_CHECK_VALUE(fraction >= 0 && fraction <= 1, "the memory fraction must be in [0, 1], got ",
                    fraction);
  const size_t total = free_and_total().second;
  const std::lock_guard lock(mutex_);
  fraction_ = fraction;
  limit_ = fraction == 1.0 ? SIZE_MAX : static_cast<size_t>(fraction * static_cast<double>(total));
}

double DeviceMemory::fraction() {
  const std::lock_guard lock(mutex_);
  return fraction_;
}

}  // namespace c10_npu::allocator
