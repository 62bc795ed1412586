#pragma once

#include <c10/core/Stream.h>

#include <vector>

#include "csrc/core/NPUStream.h"

namespace c10_npu::allocator {

class DeviceMemory;
class StreamPool;

// A piece of a segment. Segments are what CANN handed out; blocks are what tensors get. All blocks
// of a segment form a list in address order.
struct Block {
  std::byte* address = nullptr;
  size_t size = 0;
  size_t requested = 0;  // what the caller asked for, before rounding

  Block* previous = nullptr;  // neighbours in the segment
  Block* next = nullptr;

  DeviceMemory* memory = nullptr;  // who owns it
  StreamPool* pool = nullptr;      // where it goes when it is free
  bool large = false;
  bool allocated = false;

  int pending_events = 0;               // uses on other streams that have not finished
  std::vector<NPUStream> other_uses{};  // streams announced with recordStream

  Block* bin_previous = nullptr;  // links while it waits in a bin of small blocks
  Block* bin_next = nullptr;

  bool is_free() const { return !allocated && pending_events == 0; }
  bool is_whole_segment() const { return previous == nullptr && next == nullptr; }
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

constexpr size_t segment_size(size_t block) {
  if (block <= kSmallLimit) return kSmallSegment;
  return block < kMediumLimit ? kMediumSegment : round_up(block, kLargeRounding);
}

}  // namespace c10_npu::allocator
