#include "emulator/runtime/block_index.h"

#include <sys/mman.h>

#include <bit>
#include <new>

namespace ascend_emulator {
namespace {

constexpr size_t words_for(size_t bits) { return (bits + 63) / 64; }
constexpr uint64_t bit(size_t index) { return uint64_t{1} << (index % 64); }
constexpr uint64_t up_to(size_t index) { return ~uint64_t{0} >> (63 - index % 64); }

size_t highest(uint64_t word) { return 63 - static_cast<size_t>(std::countl_zero(word)); }

}  // namespace

// The pages are touched only where blocks start, so the reserved size does not matter.
BlockIndex::BlockIndex(size_t capacity) {
  const size_t granules = capacity / kGranule;
  size_t words[kMaxLevels];
  size_t total = granules;
  for (size_t bits = granules;; bits = words[levels_ - 1]) {
    words[levels_] = words_for(bits);
    total += words[levels_++];
    if (words[levels_ - 1] == 1) break;
  }
  bytes_ = total * sizeof(uint64_t);
  pages_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages_ == MAP_FAILED) throw std::bad_alloc();
  sizes_ = static_cast<std::atomic<uint64_t>*>(pages_);
  std::atomic<uint64_t>* next = sizes_ + granules;
  for (int level = 0; level < levels_; ++level) {
    bits_[level] = next;
    next += words[level];
  }
}

BlockIndex::~BlockIndex() { munmap(pages_, bytes_); }

void BlockIndex::insert(const Block& block) {
  size_t index = block.offset / kGranule;
  sizes_[index].store(block.size, std::memory_order_relaxed);
  for (int level = 0; level < levels_; ++level, index /= 64) {
    bits_[level][index / 64].fetch_or(bit(index), std::memory_order_release);
  }
}

void BlockIndex::remove(size_t offset) {
  const size_t index = offset / kGranule;
  const uint64_t count = freed_count_.load(std::memory_order_relaxed);
  Freed& entry = freed_[count % kHistory];
  entry.offset.store(offset, std::memory_order_relaxed);
  entry.size.store(sizes_[index].load(std::memory_order_relaxed), std::memory_order_relaxed);
  freed_count_.store(count + 1, std::memory_order_release);
  forget(offset);
}

void BlockIndex::forget(size_t offset) {
  size_t index = offset / kGranule;
  for (int level = 0; level < levels_; ++level, index /= 64) {
    std::atomic<uint64_t>& word = bits_[level][index / 64];
    if (word.fetch_and(~bit(index), std::memory_order_release) != bit(index)) break;
  }
}

bool BlockIndex::nearest_start(size_t granule, size_t* start) const {
  size_t index = granule;
  for (int level = 0; level < levels_; ++level) {
    uint64_t word = bits_[level][index / 64].load(std::memory_order_acquire) & up_to(index);
    if (word == 0) {
      if (index < 64) return false;
      index = index / 64 - 1;
      continue;
    }
    index = index / 64 * 64 + highest(word);
    while (level-- > 0) {
      word = bits_[level][index].load(std::memory_order_acquire);
      if (word == 0) return false;  // that block is being removed at this moment
      index = index * 64 + highest(word);
    }
    *start = index;
    return true;
  }
  return false;
}

bool BlockIndex::find(size_t offset, Block* block) const {
  size_t start;
  if (!nearest_start(offset / kGranule, &start)) return false;
  block->offset = start * kGranule;
  block->size = sizes_[start].load(std::memory_order_relaxed);
  return offset - block->offset < block->size;
}

bool BlockIndex::find_freed(size_t offset, Block* block) const {
  const uint64_t count = freed_count_.load(std::memory_order_acquire);
  for (uint64_t age = 0; age < kHistory && age < count; ++age) {
    const Freed& entry = freed_[(count - 1 - age) % kHistory];
    block->offset = entry.offset.load(std::memory_order_relaxed);
    block->size = entry.size.load(std::memory_order_relaxed);
    if (offset >= block->offset && offset - block->offset < block->size) return true;
  }
  return false;
}

}  // namespace ascend_emulator
