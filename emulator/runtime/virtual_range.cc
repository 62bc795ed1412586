#include "emulator/runtime/virtual_range.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "emulator/runtime/error.h"
#include "emulator/runtime/extents.h"

namespace ascend_emulator {
namespace {

// Ranges are cut from one reserved zone in units, so that a table finds the range of an address.
// An allocator reserves more than a device has for each of its segments; addresses cost nothing.
constexpr size_t kUnit = size_t{1} << 30;
constexpr size_t kUnits = 16 * 1024;
constexpr int kPatience = 1 << 20;  // rounds that a reader waits for a change to end

struct Zone {
  std::mutex mutex;
  Extents free{kUnits * kUnit};
};

Zone& zone() {
  static Zone& instance = *new Zone;
  return instance;
}

std::atomic<uintptr_t> zone_base{0};
std::atomic<VirtualRange*> units[kUnits];

void* reserve_addresses(size_t size) {
  void* pages = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "cannot reserve %zu bytes of addresses: %s (ulimit -v)",
         size, std::strerror(errno));
    return nullptr;
  }
  madvise(pages, size, MADV_DONTDUMP);
  return pages;
}

// With the zone's lock held.
uintptr_t open_zone() {
  if (zone_base.load(std::memory_order_relaxed) == 0) {
    void* pages = reserve_addresses(kUnits * kUnit);
    if (pages != nullptr) {
      zone_base.store(reinterpret_cast<uintptr_t>(pages), std::memory_order_release);
    }
  }
  return zone_base.load(std::memory_order_relaxed);
}

size_t in_units(size_t size) { return (size + kUnit - 1) / kUnit * kUnit; }

void enter(const std::byte* client, size_t size, VirtualRange* range) {
  const size_t first = (reinterpret_cast<uintptr_t>(client) - zone_base.load()) / kUnit;
  for (size_t unit = first; unit < first + in_units(size) / kUnit; ++unit) {
    units[unit].store(range, std::memory_order_release);
  }
}

}  // namespace

// Readers that meet one try again.
class VirtualRange::Change {
 public:
  explicit Change(std::atomic<uint32_t>& version) : version_(version) { version_.fetch_add(1); }
  ~Change() { version_.fetch_add(1); }

 private:
  std::atomic<uint32_t>& version_;
};

VirtualRange* VirtualRange::reserve(size_t size) {
  std::lock_guard lock(zone().mutex);
  const uintptr_t base = open_zone();
  size_t offset;
  if (base == 0) return nullptr;
  if (size > kUnits * kUnit || !zone().free.take(in_units(size), &offset)) {
    fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "no %zu bytes of addresses are left to reserve", size);
    return nullptr;
  }
  auto* client = reinterpret_cast<std::byte*>(base + offset);
  void* alias = reserve_addresses(size);
  if (alias == nullptr) {
    zone().free.give(offset, in_units(size));
    return nullptr;
  }
  auto* range = new VirtualRange(client, static_cast<std::byte*>(alias), size);
  enter(client, size, range);
  return range;
}

VirtualRange::~VirtualRange() {
  std::lock_guard lock(zone().mutex);
  enter(client_, size_, nullptr);
  munmap(alias_, size_);
  zone().free.give(reinterpret_cast<uintptr_t>(client_) - zone_base.load(), in_units(size_));
}

bool VirtualRange::map(size_t offset, int file, const std::vector<Piece>& pieces) {
  std::lock_guard lock(mutex_);
  size_t mapped = 0;
  for (const Piece& piece : pieces) {
    std::byte* where = alias_ + offset + mapped;
    if (mmap(where, piece.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
             file, static_cast<off_t>(piece.offset)) == MAP_FAILED) {
      fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL,
           "cannot map %zu bytes of device memory: %s (limits: ulimit -v, vm.max_map_count)",
           piece.size, std::strerror(errno));
      return false;
    }
    madvise(where, piece.size, MADV_DONTFORK);
    pieces_.emplace(offset + mapped, piece);
    mapped += piece.size;
  }
  const Change change(version_);
  add_run(offset, mapped);
  return true;
}

void VirtualRange::unmap(size_t offset, size_t size) {
  std::lock_guard lock(mutex_);
  {
    const Change change(version_);
    remove_run(offset, size);
  }
  pieces_.erase(pieces_.lower_bound(offset), pieces_.lower_bound(offset + size));
  mmap(alias_ + offset, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
       -1, 0);
}

void VirtualRange::add_run(size_t offset, size_t size) {
  auto next = runs_.lower_bound(offset);
  if (next != runs_.end() && next->first == offset + size) {
    size += next->second;
    index_.forget(next->first);
    next = runs_.erase(next);
  }
  if (next != runs_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == offset) {
      previous->second += size;
      index_.insert({previous->first, previous->second});
      return;
    }
  }
  runs_.emplace(offset, size);
  index_.insert({offset, size});
}

void VirtualRange::remove_run(size_t offset, size_t size) {
  const auto run = std::prev(runs_.upper_bound(offset));
  const auto [begin, length] = *run;
  const size_t end = begin + length;
  if (begin < offset) {
    run->second = offset - begin;
    index_.insert({begin, offset - begin});
    index_.insert({offset, size});
  } else {
    runs_.erase(run);
    index_.insert({begin, size});
  }
  index_.remove(offset);
  if (offset + size < end) {
    runs_.emplace(offset + size, end - offset - size);
    index_.insert({offset + size, end - offset - size});
  }
}

bool VirtualRange::find(size_t offset, Block* run) const {
  for (int round = 0; round < kPatience; ++round) {
    const uint32_t version = version_.load(std::memory_order_acquire);
    if (version % 2 != 0) continue;
    const bool found = index_.find(offset, run);
    if (version_.load(std::memory_order_acquire) == version) return found;
  }
  return false;
}

size_t VirtualRange::contiguous(size_t offset, size_t* in_arena) {
  std::lock_guard lock(mutex_);
  auto piece = pieces_.upper_bound(offset);
  if (piece == pieces_.begin()) return 0;
  --piece;
  const size_t skipped = offset - piece->first;
  if (skipped >= piece->second.size) return 0;
  *in_arena = piece->second.offset + skipped;
  size_t bytes = piece->second.size - skipped;
  for (auto next = std::next(piece); next != pieces_.end(); ++next) {
    if (next->first != offset + bytes || next->second.offset != *in_arena + bytes) break;
    bytes += next->second.size;
  }
  return bytes;
}

bool is_virtual_address(const void* address) {
  const uintptr_t base = zone_base.load(std::memory_order_acquire);
  return base != 0 && reinterpret_cast<uintptr_t>(address) - base < kUnits * kUnit;
}

VirtualRange* range_at(const void* client, size_t* offset) {
  if (!is_virtual_address(client)) return nullptr;
  const auto address = reinterpret_cast<uintptr_t>(client);
  const uintptr_t base = zone_base.load(std::memory_order_relaxed);
  VirtualRange* range = units[(address - base) / kUnit].load(std::memory_order_acquire);
  if (range == nullptr) return nullptr;
  *offset = address - reinterpret_cast<uintptr_t>(range->client());
  return *offset < range->size() ? range : nullptr;
}

}  // namespace ascend_emulator
