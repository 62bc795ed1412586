// What DeviceMemory says when the device is full: who holds how much, and what would help.
#include <c10/util/Exception.h>

#include <algorithm>
#include <functional>

#include "csrc/core/MemoryHolders.h"
#include "csrc/core/allocator/DeviceMemory.h"
#include "csrc/core/allocator/Settings.h"
#include "csrc/core/allocator/format_bytes.h"

namespace c10_npu::allocator {
namespace {

constexpr size_t kListed = 3;

// "2.00 GiB, 1.00 GiB, 1.00 GiB", or "none".
std::string largest(std::vector<size_t> sizes) {
  if (sizes.empty()) return "none";
  const size_t count = std::min(kListed, sizes.size());
  std::ranges::partial_sort(sizes, sizes.begin() + static_cast<std::ptrdiff_t>(count),
                            std::greater<>());
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back(format_bytes(sizes[i]));
  return c10::Join(", ", texts);
}

}  // namespace

void DeviceMemory::throw_out_of_memory(const Request& request, const StreamPool& pool,
                                       std::unique_lock<std::mutex>& lock) {
  ++stats_.num_ooms;
  const auto [free, total] = free_and_total();
  note(TraceEntry::OOM, free, request.size, pool, request.context);
  const size_t reserved = current(stats_.reserved_bytes);
  const size_t allocated = current(stats_.allocated_bytes);
  const size_t cached = reserved - std::min(reserved, allocated);
  size_t apart = 0;
  for (const auto& [id, bytes] : stats_.reserved_bytes_by_private_pools) apart += current(bytes);
  const MemoryHolders holders = memory_holders(device_);
  const size_t named = reserved + holders.workspace + holders.hccl;
  const size_t used = total - std::min(total, free);
  const size_t others = used - std::min(used, named);
  std::vector<size_t> free_blocks;
  std::vector<size_t> tensors;
  for (const Block* first : segments_) {
    for (const Block* block = first; block != nullptr; block = block->next) {
      if (block->mapped) (block->allocated ? tensors : free_blocks).push_back(block->size);
    }
  }

  std::string text = c10::str(
      "NPU out of memory. Tried to allocate ", format_bytes(request.requested),
      " on npu:", static_cast<int>(device_), ", which has ", format_bytes(total),
      " in total, of which ", format_bytes(free), " is free. PyTorch holds ",
      format_bytes(reserved), ": ", format_bytes(allocated),
      " allocated to tensors (the largest: ", largest(tensors), ") and ", format_bytes(cached),
      " reserved but unallocated (the largest: ", largest(free_blocks), "); ", format_bytes(apart),
      " of it in pools of graphs and MemPools. Workspaces of queued operators "
      "hold ",
      format_bytes(holders.workspace), ", HCCL's communicators about ", format_bytes(holders.hccl),
      ", CANN and other processes ", format_bytes(others), ".");
  if (limit_ != SIZE_MAX) {
    text += c10::str(" This process is limited to ", format_bytes(limit_),
                     " by torch.npu.set_per_process_memory_fraction.");
  }
  if (cached >= request.size && !settings::expandable_segments()) {
    text +=
        " What is reserved but unallocated would do, were it in one piece: "
        "PYTORCH_NPU_ALLOC_CONF=expandable_segments:True avoids such fragmentation.";
  }
  text += " Use smaller batches, release tensors, or see torch.npu.memory_summary().";
  const auto requested = static_cast<int64_t>(request.requested);
  lock.unlock();  // the observers may look at the allocator
  c10::reportOutOfMemoryToProfiler(requested, allocated, reserved, c10::Device(kNPU, device_));
  notify_out_of_memory(device_, request.requested, total, free);
  TORCH_CHECK_WITH(OutOfMemoryError, false, text);
}

}  // namespace c10_npu::allocator
