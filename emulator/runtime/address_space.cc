#include "emulator/runtime/address_space.h"

#include <sys/mman.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "emulator/runtime/device.h"
#include "emulator/runtime/env.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/virtual_range.h"

namespace ascend_emulator {
namespace {

constexpr int kImportedSlots = 64;
constexpr int kMaxSlots = 64 + kImportedSlots;

std::mutex reserve_mutex;
uintptr_t range_base = 0;
int slot_bits = 0;
std::atomic<size_t> range_size{0};  // 0 until the two values above are set
std::atomic<Arena*> arenas[kMaxSlots];

uintptr_t offset_in_range(const void* address) {
  return reinterpret_cast<uintptr_t>(address) - range_base;
}

bool is_arena_address(const void* address) {
  const size_t size = range_size.load(std::memory_order_acquire);
  return size != 0 && offset_in_range(address) < size;
}

}  // namespace

bool reserve_address_space() {
  std::lock_guard lock(reserve_mutex);
  if (range_size.load(std::memory_order_relaxed) != 0) return true;
  const size_t slot = std::bit_ceil(static_cast<size_t>(env().device_memory));
  const size_t size = slot * static_cast<size_t>(device_count() + kImportedSlots);
  void* range = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL,
         "cannot reserve %zu bytes of addresses for device memory: %s. Set a smaller "
         "ASCEND_EMULATOR_DEVICE_MEMORY or raise the limit (ulimit -v)",
         size, std::strerror(errno));
    return false;
  }
  madvise(range, size, MADV_DONTDUMP);
  range_base = reinterpret_cast<uintptr_t>(range);
  slot_bits = std::countr_zero(slot);
  range_size.store(size, std::memory_order_release);
  return true;
}

bool is_device_address(const void* address) {
  return is_arena_address(address) || is_virtual_address(address);
}

Arena* arena_at(const void* client, size_t* offset) {
  if (!is_arena_address(client)) return nullptr;
  const uintptr_t distance = offset_in_range(client);
  Arena* arena = arenas[distance >> slot_bits].load(std::memory_order_acquire);
  *offset = distance & ((size_t{1} << slot_bits) - 1);
  return arena != nullptr && *offset < arena->capacity() ? arena : nullptr;
}

std::byte* client_address(int slot, size_t offset) {
  return reinterpret_cast<std::byte*>(range_base + (static_cast<size_t>(slot) << slot_bits) +
                                      offset);
}

void place_arena(int slot, Arena* arena) { arenas[slot].store(arena, std::memory_order_release); }

int place_imported_arena(Arena* arena) {
  if (!reserve_address_space()) return -1;
  if (arena->capacity() > size_t{1} << slot_bits) {
    fail(ACL_ERROR_RT_PARAM_INVALID,
         "the peer's device has %zu bytes, more than this process provides for: use the same "
         "ASCEND_EMULATOR_DEVICE_MEMORY in all processes",
         arena->capacity());
    return -1;
  }
  for (int slot = device_count(); slot < device_count() + kImportedSlots; ++slot) {
    Arena* empty = nullptr;
    if (arenas[slot].compare_exchange_strong(empty, arena)) return slot;
  }
  fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "more than %d arenas of peers are mapped", kImportedSlots);
  return -1;
}

void remove_arena(int slot) { arenas[slot].store(nullptr, std::memory_order_release); }

size_t resident_bytes() {
  size_t total = 0;
  for (int device = 0; device < device_count(); ++device) {
    const Arena* arena = arenas[device].load(std::memory_order_acquire);
    if (arena != nullptr) total += arena->resident();
  }
  return total;
}

}  // namespace ascend_emulator
