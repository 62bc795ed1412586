#include "emulator/runtime/arena.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "emulator/runtime/address_space.h"
#include "emulator/runtime/device.h"
#include "emulator/runtime/env.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

constexpr size_t kPunchAtLeast = 1 << 20;  // smaller holes are not worth a system call

size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

// Never inherited by a forked child: its writes would reach the parent's device.
std::byte* map_alias(int fd, size_t capacity) {
  void* pages = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (pages == MAP_FAILED) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL,
         "cannot map %zu bytes of device memory: %s (limits: ulimit -v)", capacity,
         std::strerror(errno));
    return nullptr;
  }
  madvise(pages, capacity, MADV_DONTFORK);
  return static_cast<std::byte*>(pages);
}

}  // namespace

std::unique_ptr<Arena> Arena::create(int device, size_t capacity) {
  const std::string name = "ascend_npu" + std::to_string(physical_device(device));
  // The name shows in /proc/*/fd, where npu-smi finds what each process uses.
  const int fd = memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0 || ftruncate(fd, static_cast<off_t>(capacity)) != 0 ||
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "cannot create the memory of device %d (%zu bytes): %s",
         device, capacity, std::strerror(errno));
    if (fd >= 0) close(fd);
    return nullptr;
  }
  std::byte* alias = map_alias(fd, capacity);
  if (alias == nullptr) {
    close(fd);
    return nullptr;
  }
  return std::unique_ptr<Arena>(new Arena(device, fd, alias, capacity));
}

std::unique_ptr<Arena> Arena::import(int device, int fd) {
  struct stat facts;
  std::byte* alias = nullptr;
  if (fstat(fd, &facts) == 0 && facts.st_size > 0) {
    alias = map_alias(fd, static_cast<size_t>(facts.st_size));
  } else {
    fail(ACL_ERROR_RT_PARAM_INVALID, "the peer's descriptor is no device memory");
  }
  if (alias == nullptr) {
    close(fd);
    return nullptr;
  }
  return std::unique_ptr<Arena>(new Arena(device, fd, alias, static_cast<size_t>(facts.st_size)));
}

Arena::Arena(int device, int fd, std::byte* alias, size_t capacity)
    : device_(device),
      fd_(fd),
      alias_(alias),
      capacity_(capacity),
      index_(capacity),
      free_(capacity) {}

Arena::~Arena() {
  munmap(alias_, capacity_);
  close(fd_);
}

bool Arena::allocate(size_t size, size_t* offset) {
  if (size == 0 || size > capacity_) return false;
  const size_t reserved = round_up(size, kGranule);
  std::lock_guard lock(mutex_);
  if (!free_.take(reserved, offset)) return false;
  held_.emplace(*offset, Held{reserved, 1});
  used_ += reserved;
  index_.insert({*offset, size});
  return true;
}

bool Arena::release(size_t offset) {
  std::lock_guard lock(mutex_);
  const auto held = held_.find(offset);
  if (held == held_.end()) return false;
  index_.remove(offset);
  const size_t reserved = held->second.reserved;
  used_ -= reserved;
  held_.erase(held);
  give_back(offset, reserved);
  return true;
}

// Touching a fresh page costs four times as much as reusing one, so pages stay until they hurt.
void Arena::give_back(size_t offset, size_t size) {
  const auto [begin, length] = free_.give(offset, size);
  const bool worth_it = length >= kPunchAtLeast;
  if (worth_it && resident_bytes() > static_cast<size_t>(env().resident_limit)) {
    punch(begin, length);
  }
}

bool Arena::allocate_pieces(size_t size, size_t unit, std::vector<Piece>* pieces) {
  std::lock_guard lock(mutex_);
  if (size > capacity_ - used_) return false;
  size_t taken = 0;
  while (taken < size) {
    size_t offset;
    const size_t got = free_.take_piece(size - taken, unit, &offset);
    if (got == 0) break;
    pieces->push_back({offset, got});
    taken += got;
  }
  if (taken == size) {
    used_ += size;
    return true;
  }
  for (const Piece& piece : *pieces) free_.give(piece.offset, piece.size);
  pieces->clear();
  return false;
}

void Arena::release_pieces(const std::vector<Piece>& pieces) {
  std::lock_guard lock(mutex_);
  for (const Piece& piece : pieces) {
    used_ -= piece.size;
    give_back(piece.offset, piece.size);
  }
}

void Arena::release_all() {
  std::lock_guard lock(mutex_);
  for (const auto& [offset, held] : held_) index_.remove(offset);
  held_.clear();
  used_ = 0;
  free_.reset(capacity_);
  punch(0, capacity_);
}

bool Arena::add_foreign_block(const Block& block) {
  if (block.offset % kGranule != 0 || block.size == 0 || block.size > capacity_ ||
      block.offset > capacity_ - block.size) {
    return false;
  }
  std::lock_guard lock(mutex_);
  const auto [held, added] = held_.try_emplace(block.offset, Held{block.size, 0});
  if (added) index_.insert(block);
  ++held->second.uses;
  return held->second.reserved == block.size;
}

bool Arena::drop_foreign_block(size_t offset) {
  std::lock_guard lock(mutex_);
  const auto held = held_.find(offset);
  if (held == held_.end()) return false;
  if (--held->second.uses == 0) {
    index_.remove(offset);
    held_.erase(held);
  }
  return true;
}

size_t Arena::used() {
  std::lock_guard lock(mutex_);
  return used_;
}

size_t Arena::largest_free() {
  std::lock_guard lock(mutex_);
  return free_.largest();
}

size_t Arena::resident() const {
  struct stat facts;
  return fstat(fd_, &facts) == 0 ? static_cast<size_t>(facts.st_blocks) * 512 : 0;
}

void Arena::punch(size_t offset, size_t size) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t begin = round_up(offset, page);
  const size_t end = (offset + size) / page * page;
  if (begin >= end) return;
  fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
            static_cast<off_t>(end - begin));
}

}  // namespace ascend_emulator
