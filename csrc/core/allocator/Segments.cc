// The part of DeviceMemory that gets segments from CANN and gives them back.
#include <c10/util/Exception.h>

#include <algorithm>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/TaskQueue.h"
#include "csrc/core/allocator/DeviceMemory.h"
#include "csrc/core/allocator/format_bytes.h"

namespace c10_npu::allocator {
// nullptr: the device, or the limit of this process, has no room for it.
std::byte* DeviceMemory::map_segment(size_t size) {
  if (size > limit_ || current(stats_.reserved_bytes) > limit_ - size) return nullptr;
  void* address = nullptr;
  const aclError error = aclrtMalloc(&address, size, ACL_MEM_MALLOC_HUGE_FIRST);
  if (error == ACL_ERROR_RT_MEMORY_ALLOCATION) return nullptr;
  NPU_CHECK(error);
  return static_cast<std::byte*>(address);
}

Block* DeviceMemory::new_segment(size_t requested, StreamPool& pool) {
  const size_t size = segment_size(block_size(requested));
  std::byte* address = map_segment(size);
  if (address == nullptr) {
    ++stats_.num_alloc_retries;
    if (!capture_underway(device_)) {  // during one, nothing can be waited for
      finish_pending_uses(/*wait=*/true);
      release_free_segments({0, 0});
      address = map_segment(size);
    }
  }
  if (address == nullptr) throw_out_of_memory(requested, size);
  const bool large = size > kSmallSegment;
  auto* block =
      new Block{.address = address, .size = size, .memory = this, .pool = &pool, .large = large};
  segments_.insert(block);
  ++stats_.num_device_alloc;
  add(stats_.segment, large, 1);
  add(stats_.reserved_bytes, large, size);
  if (PrivatePool* owner = pool.owner()) {
    ++owner->segments;
    add(stats_.reserved_bytes_by_private_pools[owner->id], large, size);
  }
  return block;
}

void DeviceMemory::empty_cache(MempoolId_t id) {
  refuse_in_capture(device_, "torch.npu.empty_cache()");
  const NPUGuard guard(device_);
  const std::lock_guard lock(mutex_);
  record_deferred_uses();
  finish_pending_uses(/*wait=*/true);
  release_free_segments(id);
}

// Work that used the freed blocks may still be queued, here and in CANN, and aclrtFree does not
// wait for it.
void DeviceMemory::release_free_segments(MempoolId_t id) {
  const auto unused = [id](const Block* block) {
    if (!block->is_free() || !block->is_whole_segment()) return false;
    const PrivatePool* owner = block->pool->owner();
    const bool wanted = id == MempoolId_t(0, 0) || (owner != nullptr && owner->id == id);
    return wanted && (owner == nullptr || owner->uses == 0);
  };
  if (std::ranges::none_of(segments_, unused)) return;
  drain_tasks(device_);
  NPU_CHECK(aclrtSynchronizeDevice());
  for (auto segment = segments_.begin(); segment != segments_.end();) {
    Block* block = *segment;
    if (!unused(block)) {
      ++segment;
      continue;
    }
    release_segment(block);
    segment = segments_.erase(segment);
  }
  private_pools_.sweep();
}

void DeviceMemory::release_segment(Block* block) {
  NPU_CHECK(aclrtFree(block->address));
  block->pool->remove(block);
  ++stats_.num_device_free;
  subtract(stats_.segment, block->large, 1);
  subtract(stats_.reserved_bytes, block->large, block->size);
  if (PrivatePool* owner = block->pool->owner()) {
    --owner->segments;
    subtract(stats_.reserved_bytes_by_private_pools[owner->id], block->large, block->size);
  }
  spare_blocks_.push_back(block);
}

std::pair<size_t, size_t> DeviceMemory::free_and_total() const {
  const NPUGuard guard(device_);
  size_t free = 0;
  size_t total = 0;
  NPU_CHECK(aclrtGetMemInfo(ACL_HBM_MEM, &free, &total));
  return {free, total};
}

void DeviceMemory::set_fraction(double fraction) {
  TORCH_CHECK_VALUE(fraction > 0 && fraction <= 1, "the memory fraction must be in (0, 1], got ",
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

void DeviceMemory::throw_out_of_memory(size_t requested, size_t segment) {
  ++stats_.num_ooms;
  const auto [free, total] = free_and_total();
  const size_t reserved = current(stats_.reserved_bytes);
  const size_t allocated = current(stats_.allocated_bytes);
  size_t apart = 0;
  for (const auto& [id, bytes] : stats_.reserved_bytes_by_private_pools) apart += current(bytes);
  const size_t elsewhere = total - std::min(total, free + reserved);
  c10::reportOutOfMemoryToProfiler(static_cast<int64_t>(requested), allocated, reserved,
                                   c10::Device(kNPU, device_));
  const std::string limit = limit_ == SIZE_MAX
                                ? ""
                                : c10::str(" This process is limited to ", format_bytes(limit_),
                                           " by torch.npu.set_per_process_memory_fraction.");
  TORCH_CHECK_WITH(
      OutOfMemoryError, false, "NPU out of memory. Tried to allocate ", format_bytes(requested),
      " (a segment of ", format_bytes(segment), ") on npu:", static_cast<int>(device_),
      ", which has ", format_bytes(total), " in total, of which ", format_bytes(free),
      " is free. PyTorch holds ", format_bytes(reserved), ": ", format_bytes(allocated),
      " allocated to tensors and ", format_bytes(reserved - std::min(reserved, allocated)),
      " reserved but unallocated; ", format_bytes(apart),
      " of it in pools of graphs and MemPools. ", format_bytes(elsewhere),
      " is in use outside of PyTorch's allocator (HCCL, CANN, other processes).", limit,
      " Use smaller batches, release tensors, or see torch.npu.memory_summary().");
}

}  // namespace c10_npu::allocator
