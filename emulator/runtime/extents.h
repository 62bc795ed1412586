#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

namespace ascend_emulator {

// The free ranges of an arena. Best fit, lowest address first; neighbours merge. Not thread-safe.
class Extents {
 public:
  explicit Extents(size_t capacity) { reset(capacity); }

  bool take(size_t size, size_t* offset);

  // At most `size` bytes in one piece that begins and ends at multiples of `unit`. 0: none.
  size_t take_piece(size_t size, size_t unit, size_t* offset);
  std::pair<size_t, size_t> give(size_t offset, size_t size);  // (offset, size) after merging
  void reset(size_t capacity);
  size_t largest() const { return by_size_.empty() ? 0 : by_size_.rbegin()->first; }

 private:
  using ByOffset = std::map<size_t, size_t>;

  void add(size_t offset, size_t size);
  void remove(ByOffset::iterator extent);

  ByOffset by_offset_;
  std::set<std::pair<size_t, size_t>> by_size_;
};

}  // namespace ascend_emulator
