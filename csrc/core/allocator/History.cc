#include "csrc/core/allocator/History.h"

#include <algorithm>

namespace c10_npu::allocator {

void History::start(size_t max_entries, bool clear) {
  entries_ = clear ? std::vector<TraceEntry>() : entries();
  if (max_entries != 0 && entries_.size() > max_entries) {
    entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(max_entries));
  }
  oldest_ = 0;
  max_entries_ = max_entries;
}

void History::add(TraceEntry entry) {
  if (entries_.size() < max_entries_) {
    entries_.push_back(std::move(entry));
  } else {
    entries_[oldest_] = std::move(entry);
    oldest_ = (oldest_ + 1) % max_entries_;
  }
}

std::vector<TraceEntry> History::entries() const {
  std::vector<TraceEntry> ordered = entries_;
  std::ranges::rotate(ordered, ordered.begin() + static_cast<std::ptrdiff_t>(oldest_));
  return ordered;
}

}  // namespace c10_npu::allocator
