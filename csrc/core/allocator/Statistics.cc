#include "csrc/core/allocator/Statistics.h"

#include <algorithm>

#include "csrc/core/allocator/PrivatePools.h"

namespace c10_npu::allocator {
namespace {

using c10::CachingAllocator::Stat;
using c10::CachingDeviceAllocator::BlockInfo;

template <typename Change>
void for_each_stat(DeviceStats& stats, Change change) {
  for (StatArray* array : {&stats.allocation, &stats.segment, &stats.active, &stats.inactive_split,
                           &stats.allocated_bytes, &stats.reserved_bytes, &stats.active_bytes,
                           &stats.inactive_split_bytes, &stats.requested_bytes}) {
    std::ranges::for_each(*array, change);
  }
  for (auto& [id, array] : stats.reserved_bytes_by_private_pools) {
    std::ranges::for_each(array, change);
  }
}

void add_block(const Block& block, SegmentInfo& segment) {
  BlockInfo& info = segment.blocks.emplace_back();
  info.size = block.size;
  info.requested_size = block.requested;
  info.allocated = block.allocated;
  info.active = !block.is_free();
  info.context_when_allocated = block.context;
  segment.total_size += block.size;
  segment.requested_size += block.requested;
  if (block.allocated) segment.allocated_size += block.size;
  if (info.active) segment.active_size += block.size;
}

}  // namespace

void reset_accumulated(DeviceStats& stats) {
  for_each_stat(stats, [](Stat& stat) { stat.reset_accumulated(); });
  stats.num_alloc_retries = 0;
  stats.num_ooms = 0;
}

void reset_peak(DeviceStats& stats) {
  for_each_stat(stats, [](Stat& stat) { stat.reset_peak(); });
}

void describe_segment(const Block& first, c10::DeviceIndex device,
                      std::vector<SegmentInfo>& segments) {
  SegmentInfo* segment = nullptr;
  for (const Block* block = &first; block != nullptr; block = block->next) {
    if (!block->mapped) {
      segment = nullptr;
      continue;
    }
    if (segment == nullptr) {
      segment = &segments.emplace_back();
      segment->device = device;
      segment->address = reinterpret_cast<size_t>(block->address);
      segment->stream = reinterpret_cast<void*>(first.pool->stream());
      segment->is_large = first.large;
      segment->is_expandable = first.expandable != nullptr;
      if (const PrivatePool* owner = first.pool->owner())
        segment->owner_private_pool_id = owner->id;
    }
    add_block(*block, *segment);
  }
}

}  // namespace c10_npu::allocator
