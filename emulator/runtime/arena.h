#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "emulator/runtime/block_index.h"
#include "emulator/runtime/extents.h"
#include "emulator/runtime/virtual_range.h"

namespace ascend_emulator {

// The memory of one device: an unnamed file (memfd) that is mapped here for kernels, and that peers
// map too. What clients hold are addresses in a range without any access, see AddressSpace; both
// ranges have the same layout.
class Arena {
 public:
  // Null: see the recent message.
  static std::unique_ptr<Arena> create(int device, size_t capacity);
  static std::unique_ptr<Arena> import(int device, int fd);  // a peer's; takes `fd` over
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Blocks of this arena. Distances from its start; false: does not fit, or is no block's start.
  bool allocate(size_t size, size_t* offset);
  bool release(size_t offset);
  void release_all();  // also returns the pages to the host

  // Memory without an address, in pieces of whole units. False: not so much is free.
  bool allocate_pieces(size_t size, size_t unit, std::vector<Piece>* pieces);
  void release_pieces(const std::vector<Piece>& pieces);

  // Makes a block known that the peer has allocated in the arena it exported. Counted.
  bool add_foreign_block(const Block& block);
  bool drop_foreign_block(size_t offset);

  bool find(size_t offset, Block* block) const { return index_.find(offset, block); }
  bool find_freed(size_t offset, Block* block) const { return index_.find_freed(offset, block); }

  int device() const { return device_; }
  int fd() const { return fd_; }
  std::byte* alias() const { return alias_; }
  size_t capacity() const { return capacity_; }
  size_t used();
  size_t largest_free();
  size_t resident() const;  // bytes of host memory behind the arena

 private:
  Arena(int device, int fd, std::byte* alias, size_t capacity);

  void punch(size_t offset, size_t size);
  void give_back(size_t offset, size_t size);

  struct Held {
    size_t reserved;
    int uses;
  };

  const int device_;
  const int fd_;
  std::byte* const alias_;
  const size_t capacity_;
  BlockIndex index_;
  std::mutex mutex_;
  Extents free_;
  std::map<size_t, Held> held_;  // live blocks by offset
  size_t used_ = 0;
};

}  // namespace ascend_emulator
