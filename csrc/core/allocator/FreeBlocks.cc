#include "csrc/core/allocator/FreeBlocks.h"

#include <bit>

namespace c10_npu::allocator {

Block* SmallBlocks::take_best_fit(size_t size) {
  const size_t bin = bin_of(size);
  size_t word = bin / kWordBits;
  // The bins of this word from `bin` on, else the first bin of the next word that has any.
  uint64_t candidates = words_[word] & (~uint64_t{0} << (bin % kWordBits));
  if (candidates == 0) {
    const uint64_t later = word + 1 < kWordBits ? summary_ & (~uint64_t{0} << (word + 1)) : 0;
    if (later == 0) return nullptr;
    word = std::countr_zero(later);
    candidates = words_[word];
  }
  Block* block = bins_[word * kWordBits + std::countr_zero(candidates)];
  remove(block);
  return block;
}

void SmallBlocks::insert(Block* block) {
  const size_t bin = bin_of(block->size);
  block->bin_previous = nullptr;
  block->bin_next = bins_[bin];
  if (bins_[bin] != nullptr) bins_[bin]->bin_previous = block;
  bins_[bin] = block;
  words_[bin / kWordBits] |= uint64_t{1} << (bin % kWordBits);
  summary_ |= uint64_t{1} << (bin / kWordBits);
}

void SmallBlocks::remove(Block* block) {
  if (block->bin_next != nullptr) block->bin_next->bin_previous = block->bin_previous;
  if (block->bin_previous != nullptr) {
    block->bin_previous->bin_next = block->bin_next;
    return;
  }
  const size_t bin = bin_of(block->size);
  const size_t word = bin / kWordBits;
  bins_[bin] = block->bin_next;
  if (bins_[bin] != nullptr) return;
  words_[word] &= ~(uint64_t{1} << (bin % kWordBits));
  if (words_[word] == 0) summary_ &= ~(uint64_t{1} << word);
}

Block* LargeBlocks::take_best_fit(size_t size, size_t limit) {
  const auto found = blocks_.lower_bound(size);
  if (found == blocks_.end() || (*found)->size >= limit) return nullptr;
  Block* block = *found;
  blocks_.erase(found);
  return block;
}

}  // namespace c10_npu::allocator
