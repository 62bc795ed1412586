// The part of DeviceMemory that lets expandable segments grow and shrink.
#include <algorithm>

#include "csrc/core/allocator/DeviceMemory.h"
#include "csrc/core/allocator/ExpandableSegment.h"
#include "csrc/core/allocator/Settings.h"

namespace c10_npu::allocator {
namespace {

constexpr size_t kHugePage = size_t{1} << 30;

size_t page_size(bool large) {
  if (!large) return kSmallSegment;
  return settings::huge_pages_1g() ? kHugePage : settings::large_segment_size();
}

size_t free_before(const Block& hole) {
  const Block* before = hole.previous;
  return before != nullptr && before->is_free() && before->mapped ? before->size : 0;
}

}  // namespace

// A free block, in no pool, of at least `size` bytes: addresses that get memory now, and the free
// block before them. nullptr: the device, or the limit of this process, has no room for it.
Block* DeviceMemory::expand_segment(size_t size, StreamPool& pool, const Context& context) {
  const bool large = size > kSmallLimit;
  const auto suits = [&](const Block* hole) {
    return hole->large == large && hole->size + free_before(*hole) >= size;
  };
  const auto found = std::ranges::find_if(pool.unmapped(), suits);
  Block* hole = found != pool.unmapped().end() ? *found : reserve_addresses(large, pool);
  if (!suits(hole)) return nullptr;  // more than the device has

  ExpandableSegment& segment = *hole->expandable;
  const size_t bytes = round_up(size - free_before(*hole), segment.page());
  if (!has_room(bytes) || !segment.map(hole->address, bytes)) return nullptr;
  pool.unmapped().erase(hole);
  if (hole->size > bytes) pool.unmapped().insert(cut(hole, bytes));
  hole->mapped = true;
  count_reserved(pool, large, bytes);
  note(TraceEntry::SEGMENT_MAP, *hole, context);
  Block* block = merge(hole, hole->previous);
  return merge(block, block->next);
}

// A new segment without memory, in `pool`. Addresses cost nothing: one segment can take in all
// memory of the device, with room for what fragmentation costs.
Block* DeviceMemory::reserve_addresses(bool large, StreamPool& pool) {
  const size_t total = free_and_total().second;
  const size_t page = page_size(large);
  auto* segment = new ExpandableSegment(device_, round_up(total + total / 8, page), page,
                                        large && settings::huge_pages_1g());
  auto* block = new Block{.address = segment->address(),
                          .size = segment->size(),
                          .memory = this,
                          .pool = &pool,
                          .expandable = segment,
                          .large = large,
                          .mapped = false};
  segments_.insert(block);
  pool.unmapped().insert(block);
  add(stats_.segment, large, 1);
  if (PrivatePool* owner = pool.owner()) ++owner->segments;
  return block;
}

// Takes the memory from all free pages of a segment, and gives up one that has none left.
void DeviceMemory::release_pages(Block* first) {
  std::vector<Block*> free;
  for (Block* block = first; block != nullptr; block = block->next) {
    if (block->is_free() && block->mapped) free.push_back(block);
  }
  std::ranges::for_each(free, [this](Block* block) { unmap(block); });
  if (first->mapped || first->next != nullptr) return;
  first->pool->unmapped().erase(first);
  segments_.erase(first);
  subtract(stats_.segment, first->large, 1);
  if (PrivatePool* owner = first->pool->owner()) --owner->segments;
  delete first->expandable;
  spare_blocks_.push_back(first);
}

// Takes the memory from those pages that lie in `block`, which is free.
void DeviceMemory::unmap(Block* block) {
  ExpandableSegment& segment = *block->expandable;
  StreamPool& pool = *block->pool;
  const auto begin = static_cast<size_t>(block->address - segment.address());
  const size_t first = round_up(begin, segment.page());
  const size_t end = (begin + block->size) / segment.page() * segment.page();
  if (first >= end) return;

  pool.remove(block);
  Block* pages = block;
  if (first > begin) {
    pages = cut(block, first - begin);
    pool.insert(block);
  }
  if (pages->size > end - first) pool.insert(cut(pages, end - first));
  segment.unmap(pages->address, pages->size);
  count_released(pool, pages->large, pages->size);
  note(TraceEntry::SEGMENT_UNMAP, *pages, nullptr);
  pages->mapped = false;
  if (Block* next = pages->next; next != nullptr && !next->mapped) {
    pool.unmapped().erase(next);
    join(pages, next);
  }
  if (Block* previous = pages->previous; previous != nullptr && !previous->mapped) {
    join(previous, pages);
  } else {
    pool.unmapped().insert(pages);
  }
}

}  // namespace c10_npu::allocator
