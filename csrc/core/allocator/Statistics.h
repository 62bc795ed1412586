#pragma once

#include <c10/core/CachingDeviceAllocator.h>

#include "csrc/core/allocator/Block.h"

namespace c10_npu::allocator {

using c10::CachingAllocator::StatArray;
using c10::CachingAllocator::StatType;
using c10::CachingDeviceAllocator::DeviceStats;
using c10::CachingDeviceAllocator::SegmentInfo;

// PyTorch counts everything twice: in total, and for blocks of small or of large segments.
inline constexpr size_t kAll = static_cast<size_t>(StatType::AGGREGATE);
constexpr size_t kind_of(bool large) {
  return static_cast<size_t>(large ? StatType::LARGE_POOL : StatType::SMALL_POOL);
}

inline void add(StatArray& stat, bool large, size_t amount) {
  stat[kAll].increase(amount);
  stat[kind_of(large)].increase(amount);
}

inline void subtract(StatArray& stat, bool large, size_t amount) {
  stat[kAll].decrease(amount);
  stat[kind_of(large)].decrease(amount);
}

inline size_t current(const StatArray& stat) { return static_cast<size_t>(stat[kAll].current); }

// Free pieces of segments that are partly in use: what fragmentation costs.
inline void add_inactive_split(DeviceStats& stats, const Block& block) {
  add(stats.inactive_split, block.large, 1);
  add(stats.inactive_split_bytes, block.large, block.size);
}

inline void subtract_inactive_split(DeviceStats& stats, const Block& block) {
  subtract(stats.inactive_split, block.large, 1);
  subtract(stats.inactive_split_bytes, block.large, block.size);
}

void reset_accumulated(DeviceStats& stats);
void reset_peak(DeviceStats& stats);

// The segment that begins with `first`, as torch.npu.memory_snapshot() shows it: an expandable one
// as several, each up to addresses without memory.
void describe_segment(const Block& first, c10::DeviceIndex device,
                      std::vector<SegmentInfo>& segments);

}  // namespace c10_npu::allocator
