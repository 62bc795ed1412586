#include "emulator/runtime/extents.h"

#include <iterator>

namespace ascend_emulator {

void Extents::reset(size_t capacity) {
  by_offset_.clear();
  by_size_.clear();
  add(0, capacity);
}

void Extents::add(size_t offset, size_t size) {
  by_offset_.emplace(offset, size);
  by_size_.emplace(size, offset);
}

void Extents::remove(ByOffset::iterator extent) {
  by_size_.erase({extent->second, extent->first});
  by_offset_.erase(extent);
}

bool Extents::take(size_t size, size_t* offset) {
  const auto fit = by_size_.lower_bound({size, 0});
  if (fit == by_size_.end()) return false;
  const auto [length, begin] = *fit;
  remove(by_offset_.find(begin));
  if (length > size) add(begin + size, length - size);
  *offset = begin;
  return true;
}

std::pair<size_t, size_t> Extents::give(size_t offset, size_t size) {
  const auto next = by_offset_.lower_bound(offset);
  if (next != by_offset_.end() && next->first == offset + size) {
    size += next->second;
    remove(next);
  }
  auto previous = by_offset_.lower_bound(offset);
  if (previous != by_offset_.begin()) {
    --previous;
    if (previous->first + previous->second == offset) {
      offset = previous->first;
      size += previous->second;
      remove(previous);
    }
  }
  add(offset, size);
  return {offset, size};
}

}  // namespace ascend_emulator
