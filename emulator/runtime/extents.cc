#include "emulator/runtime/extents.h"

#include <algorithm>
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

// The smallest extent that has room for all, else the one that has room for most.
size_t Extents::take_piece(size_t size, size_t unit, size_t* offset) {
  const auto aligned_room = [unit](size_t begin, size_t length) {
    const size_t lost = (unit - begin % unit) % unit;
    return length > lost ? (length - lost) / unit * unit : 0;
  };
  auto best = by_offset_.end();
  size_t most = 0;
  for (auto fit = by_size_.lower_bound({size, 0}); fit != by_size_.end() && most < size; ++fit) {
    most = aligned_room(fit->second, fit->first);
    best = by_offset_.find(fit->second);
  }
  if (most < size) {
    most = 0;
    for (auto extent = by_offset_.begin(); extent != by_offset_.end(); ++extent) {
      const size_t room = aligned_room(extent->first, extent->second);
      if (room <= most) continue;
      most = room;
      best = extent;
    }
  }
  const size_t taken = std::min(size, most);
  if (taken == 0) return 0;
  const auto [begin, length] = *best;
  remove(best);
  *offset = begin + (unit - begin % unit) % unit;
  if (*offset > begin) add(begin, *offset - begin);
  const size_t rest = begin + length - *offset - taken;
  if (rest > 0) add(*offset + taken, rest);
  return taken;
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
