#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ascend_emulator {

constexpr size_t kGranule = 512;  // device addresses and block distances are multiples of this

struct Block {
  size_t offset;  // from the start of the arena
  size_t size;    // bytes that the client may use
};

// Which block holds a given byte, for an arena with blocks that never overlap. Every operator asks
// this for every tensor, so looking up takes no lock: a tree of 64-way bitmaps holds the granules
// where a block starts, and the block of a byte is the nearest start at or below it. Whoever looks
// up a live block reads only bits that were settled before that block was handed out; changes to
// other blocks cannot mislead it. Inserting and removing need the arena's lock. Also safe in a
// signal handler.
class BlockIndex {
 public:
  explicit BlockIndex(size_t capacity);  // throws std::bad_alloc
  ~BlockIndex();
  BlockIndex(const BlockIndex&) = delete;
  BlockIndex& operator=(const BlockIndex&) = delete;

  void insert(const Block& block);
  void remove(size_t offset);
  void forget(size_t offset);  // the same, and find_freed() never hears of it

  bool find(size_t offset, Block* block) const;        // block that holds the byte `offset`
  bool find_freed(size_t offset, Block* block) const;  // same, among the last removed blocks

 private:
  static constexpr int kMaxLevels = 6;
  static constexpr size_t kHistory = 256;

  bool nearest_start(size_t granule, size_t* start) const;

  void* pages_;
  size_t bytes_ = 0;
  int levels_ = 0;
  std::atomic<uint64_t>* bits_[kMaxLevels];  // level n + 1: which words of level n are not zero
  std::atomic<uint64_t>* sizes_;             // by granule, valid where a block starts

  struct Freed {
    std::atomic<size_t> offset{0};
    std::atomic<size_t> size{0};
  };
  Freed freed_[kHistory];
  std::atomic<uint64_t> freed_count_{0};
};

}  // namespace ascend_emulator
