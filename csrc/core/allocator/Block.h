#pragma once

#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Stream.h>

#include <memory>
#include <vector>

#include "csrc/core/NPUStream.h"

namespace c10_npu::allocator {

using Context = std::shared_ptr<c10::GatheredContext>;  // stacks, or nothing

class DeviceMemory;
class ExpandableSegment;
class StreamPool;

// A piece of a segment. Segments are what CANN handed out; blocks are what tensors get. All blocks
// of a segment form a list in address order. Where neighbours are merged or cut, the object of the
// earlier one stays.
struct Block {
  std::byte* address = nullptr;
  size_t size = 0;
  size_t requested = 0;  // what the caller asked for, before rounding

  Block* previous = nullptr;  // neighbours in the segment
  Block* next = nullptr;

  DeviceMemory* memory = nullptr;           // who owns it
  StreamPool* pool = nullptr;               // where it goes when it is free
  ExpandableSegment* expandable = nullptr;  // the segment, if it is one
  bool large = false;
  bool mapped = true;  // false: addresses of an expandable segment without memory
  bool allocated = false;
  uint64_t freed_at = 0;  // by the clock of `memory`
  Context context{};      // where it was allocated, if history is recorded

  int pending_events = 0;               // uses on other streams that have not finished
  std::vector<NPUStream> other_uses{};  // streams announced with recordStream

  Block* bin_previous = nullptr;  // links while it waits in a bin of small blocks
  Block* bin_next = nullptr;

  bool is_free() const { return !allocated && pending_events == 0; }
  bool is_whole_segment() const { return previous == nullptr && next == nullptr; }
  // Whether being free it keeps the rest of its segment from going back to CANN.
  bool is_split() const { return !is_whole_segment() && expandable == nullptr; }
};

// What the allocator rounds to and cuts at. PyTorch's numbers, so that figures compare.
constexpr size_t kMinBlock = 512;
constexpr size_t kSmallLimit = size_t{1} << 20;  // requests up to this come from small segments
constexpr size_t kSmallSegment = size_t{2} << 20;
constexpr size_t kMediumLimit = size_t{10} << 20;  // requests below this share a medium segment
constexpr size_t kMediumSegment = size_t{20} << 20;
constexpr size_t kLargeRounding = size_t{2} << 20;

// Ascend's vector units may read up to 32 bytes past the end of a buffer.
constexpr size_t kReadAhead = 32;

constexpr size_t round_up(size_t size, size_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

constexpr size_t block_size(size_t requested) {
  return round_up(requested + kReadAhead, kMinBlock);
}

}  // namespace c10_npu::allocator
