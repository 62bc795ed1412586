#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "emulator/runtime/block_index.h"

namespace ascend_emulator {

// Where bytes of physical memory lie in an arena.
struct Piece {
  size_t offset;
  size_t size;
};

// Addresses that clients have reserved, and the memory that is mapped there. As with arenas, the
// client's range gives no access, and kernels use another range of the same layout, the alias:
// there the pieces of several allocations lie side by side, so that a tensor may span them.
class VirtualRange {
 public:
  // Null: see the recent message.
  static VirtualRange* reserve(size_t size);
  ~VirtualRange();
  VirtualRange(const VirtualRange&) = delete;
  VirtualRange& operator=(const VirtualRange&) = delete;

  // `file`: the arena's descriptor. False: see the recent message.
  bool map(size_t offset, int file, const std::vector<Piece>& pieces);
  void unmap(size_t offset, size_t size);

  // The mapped bytes around `offset`, across mappings that touch. Wait-free, unless somebody maps
  // at this moment. Safe in a signal handler.
  bool find(size_t offset, Block* run) const;
  bool find_unmapped(size_t offset, Block* run) const { return index_.find_freed(offset, run); }

  // How many bytes from `offset` on lie side by side in the arena, and where.
  size_t contiguous(size_t offset, size_t* in_arena);

  std::byte* client() const { return client_; }
  std::byte* alias() const { return alias_; }
  size_t size() const { return size_; }

  // Of all that is mapped, while something is: CANN allows no mixture.
  std::atomic<int> device{-1};
  std::atomic<bool> own{true};  // memory of this process, not imported

 private:
  VirtualRange(std::byte* client, std::byte* alias, size_t size)
      : client_(client), alias_(alias), size_(size), index_(size) {}
  void add_run(size_t offset, size_t size);
  void remove_run(size_t offset, size_t size);

  class Change;

  std::byte* const client_;
  std::byte* const alias_;
  const size_t size_;
  BlockIndex index_;                  // of runs
  std::atomic<uint32_t> version_{0};  // odd while runs change
  std::mutex mutex_;                  // guards what follows, and changes
  std::map<size_t, size_t> runs_;     // size by offset
  std::map<size_t, Piece> pieces_;    // by offset in the range
};

// The range that holds the address. Null: none. Signal-safe and without locks.
VirtualRange* range_at(const void* client, size_t* offset);
bool is_virtual_address(const void* address);  // whether it is among those that ranges are cut from

}  // namespace ascend_emulator
