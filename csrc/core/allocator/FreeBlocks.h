#pragma once

#include <array>
#include <cstdint>
#include <set>

#include "csrc/core/allocator/Block.h"

namespace c10_npu::allocator {

// Free blocks of small segments: one bin per size, and two levels of bitmaps that find the smallest
// bin that fits in two instructions.
class SmallBlocks {
 public:
  Block* take_best_fit(size_t size);
  void insert(Block* block);
  void remove(Block* block);

 private:
  static constexpr size_t kBins = kSmallSegment / kMinBlock;
  static constexpr size_t kWordBits = 64;
  static_assert(kBins == kWordBits * kWordBits, "two levels of 64-bit words cover the bins");

  static size_t bin_of(size_t size) { return size / kMinBlock - 1; }

  std::array<Block*, kBins> bins_{};
  std::array<uint64_t, kWordBits> words_{};  // bit set: the bin has a block
  uint64_t summary_ = 0;                     // bit set: the word is not zero
};

// Free blocks of other segments, by size and then address.
class LargeBlocks {
 public:
  // The smallest block of at least `size` and less than `limit` bytes.
  Block* take_best_fit(size_t size, size_t limit);
  void insert(Block* block) { blocks_.insert(block); }
  void remove(Block* block) { blocks_.erase(block); }

 private:
  struct Order {
    using is_transparent = void;
    bool operator()(const Block* a, const Block* b) const {
      return a->size != b->size ? a->size < b->size : a->address < b->address;
    }
    bool operator()(const Block* block, size_t size) const { return block->size < size; }
    bool operator()(size_t size, const Block* block) const { return size < block->size; }
  };
  std::set<Block*, Order> blocks_;
};

struct ByAddress {
  bool operator()(const Block* a, const Block* b) const { return a->address < b->address; }
};

struct PrivatePool;

// The free blocks of one stream of one device. Blocks never move to another stream: work on one
// stream is ordered, so reuse within it needs no waiting.
class StreamPool {
 public:
  StreamPool(c10::StreamId stream, PrivatePool* owner) : stream_(stream), owner_(owner) {}

  c10::StreamId stream() const { return stream_; }
  // nullptr: the device's common memory.
  PrivatePool* owner() const { return owner_; }

  Block* take_best_fit(size_t size, bool large, size_t limit) {
    return large ? large_.take_best_fit(size, limit) : small_.take_best_fit(size);
  }
  void insert(Block* block) { block->large ? large_.insert(block) : small_.insert(block); }
  void remove(Block* block) { block->large ? large_.remove(block) : small_.remove(block); }

  // Addresses without memory in the expandable segments of this stream.
  std::set<Block*, ByAddress>& unmapped() { return unmapped_; }

 private:
  c10::StreamId stream_;
  PrivatePool* owner_;
  SmallBlocks small_;
  LargeBlocks large_;
  std::set<Block*, ByAddress> unmapped_;
};

}  // namespace c10_npu::allocator
