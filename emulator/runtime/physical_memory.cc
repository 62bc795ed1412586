#include "emulator/runtime/physical_memory.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>

#include "emulator/runtime/address_facts.h"
#include "emulator/runtime/descriptor_server.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/handle_table.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxHandles = 1 << 19;  // 64 devices of 16 GiB in chunks of 2 MiB
constexpr size_t kUnit = 2 << 20;        // huge pages, of which all device memory consists
constexpr std::chrono::milliseconds kFetchTimeout{10'000};

struct Mapping {
  VirtualRange* range;
  PhysicalMemory* memory;
};

struct Table {
  std::mutex mutex;
  HandleTable<PhysicalMemory, kMaxHandles> handles;
  std::map<std::byte*, Mapping> mappings;  // by client address
  std::map<VirtualRange*, int> ranges;     // mappings in each
  std::vector<PhysicalMemory*> lent;       // done with here, but used by another process
};

Table& table() {
  static Table& instance = *new Table;
  return instance;
}

// What an importer needs to know.
struct ExportHeader {
  char arena[128];
  uint64_t size;
  uint64_t pieces;  // follow
};

Arena& own_arena(int device) { return *device_state(device).arena.load(std::memory_order_acquire); }

bool over(const PhysicalMemory& memory) {
  return !memory.live.load() && memory.mappings == 0 &&
         (memory.peer != nullptr || !memory.record.used());
}

void recycle(PhysicalMemory* memory) {
  if (memory->peer == nullptr) own_arena(memory->device).release_pieces(memory->pieces);
  table().handles.recycle(memory);
}

void recycle_if_over(PhysicalMemory* memory) {
  if (memory->live.load() || memory->mappings > 0) return;
  if (over(*memory)) {
    recycle(memory);
  } else {
    table().lent.push_back(memory);
  }
}

void take_back() {
  std::erase_if(table().lent, [](PhysicalMemory* memory) {
    if (!over(*memory)) return false;
    recycle(memory);
    return true;
  });
}

PhysicalMemory* find(const char* api, const void* handle) {
  PhysicalMemory* memory = table().handles.find(handle);
  if (memory == nullptr) {
    fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %p is no handle of physical memory, or is freed", api,
         handle);
  }
  return memory;
}

PhysicalMemory* find_exported(uint64_t shareable) {
  PhysicalMemory* found = nullptr;
  table().handles.for_each([&](PhysicalMemory& memory) {
    if (memory.peer == nullptr && memory.shareable == shareable) found = &memory;
  });
  return found;
}

int file_of(const PhysicalMemory& memory) {
  return memory.peer != nullptr ? memory.peer->file() : own_arena(memory.device).fd();
}

void unmap(std::map<std::byte*, Mapping>::iterator mapping) {
  const auto [range, memory] = mapping->second;
  range->unmap(static_cast<size_t>(mapping->first - range->client()), memory->size);
  if (--table().ranges[range] == 0) range->device.store(-1, std::memory_order_release);
  table().mappings.erase(mapping);
  --memory->mappings;
  recycle_if_over(memory);
}

// Whether `size` bytes at `client` can take memory of that kind.
aclError check_target(const char* api, std::byte* client, size_t size, const PhysicalMemory& memory,
                      VirtualRange** range) {
  size_t offset;
  *range = range_at(client, &offset);
  if (*range == nullptr || offset % kUnit != 0 || size > (*range)->size() - offset) {
    return fail(
        ACL_ERROR_RT_PARAM_INVALID,
        "%s: %zu bytes at %p must lie in one range of aclrtReserveMemAddress, at a multiple "
        "of %zu from its start",
        api, size, static_cast<void*>(client), kUnit);
  }
  const auto next = table().mappings.upper_bound(client);
  const bool before = next != table().mappings.begin() &&
                      std::prev(next)->first + std::prev(next)->second.memory->size > client;
  if (before || (next != table().mappings.end() && next->first < client + size)) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: part of the %zu bytes at %p is mapped already",
                api, size, static_cast<void*>(client));
  }
  const bool alike = (*range)->device == memory.device && (*range)->own == (memory.peer == nullptr);
  if (table().ranges[*range] == 0 || alike) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_PARAM_INVALID,
              "%s: the range holds %s memory of device %d, and cannot also take %s memory of "
              "device %d",
              api, (*range)->own ? "own" : "imported", (*range)->device.load(),
              memory.peer == nullptr ? "own" : "imported", memory.device);
}

}  // namespace

aclError allocate_physical(const char* api, int device, size_t size, PhysicalMemory** memory) {
  std::lock_guard lock(table().mutex);
  take_back();
  Arena& arena = own_arena(device);
  const size_t whole = size > SIZE_MAX - kUnit ? size : (size + kUnit - 1) / kUnit * kUnit;
  std::vector<Piece> pieces;
  if (!arena.allocate_pieces(whole, kUnit, &pieces)) {
    return fail(ACL_ERROR_RT_MEMORY_ALLOCATION,
                "%s: out of memory on device %d: asked for %zu bytes; %zu of %zu are free", api,
                device, size, arena.capacity() - arena.used(), arena.capacity());
  }
  *memory = table().handles.create(device, size);
  if (*memory == nullptr) {
    arena.release_pieces(pieces);
    return fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "%s: all handles are in use", api);
  }
  (*memory)->pieces = std::move(pieces);
  return ACL_SUCCESS;
}

aclError free_physical(const char* api, const void* handle) {
  std::lock_guard lock(table().mutex);
  PhysicalMemory* memory = find(api, handle);
  if (memory == nullptr) return ACL_ERROR_RT_PARAM_INVALID;
  memory->live.store(false);
  recycle_if_over(memory);
  return ACL_SUCCESS;
}

aclError map_physical(const char* api, void* client, size_t size, const void* handle) {
  std::lock_guard lock(table().mutex);
  PhysicalMemory* memory = find(api, handle);
  if (memory == nullptr) return ACL_ERROR_RT_PARAM_INVALID;
  if (size != memory->size || size % kUnit != 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: size=%zu must be the handle's (%zu) and a multiple of %zu", api, size,
                memory->size, kUnit);
  }
  auto* address = static_cast<std::byte*>(client);
  VirtualRange* range;
  const aclError error = check_target(api, address, size, *memory, &range);
  if (error != ACL_SUCCESS) return error;
  range->device.store(memory->device, std::memory_order_release);
  range->own.store(memory->peer == nullptr, std::memory_order_release);
  const auto offset = static_cast<size_t>(address - range->client());
  if (!range->map(offset, file_of(*memory), memory->pieces))
    return ACL_ERROR_RT_RESOURCE_ALLOC_FAIL;
  table().mappings.emplace(address, Mapping{range, memory});
  ++table().ranges[range];
  ++memory->mappings;
  return ACL_SUCCESS;
}

aclError unmap_physical(const char* api, void* client) {
  std::lock_guard lock(table().mutex);
  const auto mapping = table().mappings.find(static_cast<std::byte*>(client));
  if (mapping != table().mappings.end()) {
    unmap(mapping);
    return ACL_SUCCESS;
  }
  return fail(ACL_ERROR_RT_PARAM_INVALID,
              "%s: %p is not where aclrtMapMem has mapped memory: it is %s", api, client,
              describe_address(client).c_str());
}

aclError export_physical(const char* api, const void* handle, bool anyone, uint64_t* shareable) {
  std::lock_guard lock(table().mutex);
  PhysicalMemory* memory = find(api, handle);
  if (memory == nullptr) return ACL_ERROR_RT_PARAM_INVALID;
  if (memory->peer != nullptr || memory->shareable != 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: the handle is %s", api,
                memory->peer != nullptr ? "imported" : "exported already");
  }
  ExportHeader header{};
  const std::string arena = export_arena(memory->device);
  if (arena.empty() || arena.size() >= sizeof(header.arena)) return ACL_ERROR_RT_IPC_ERROR;
  std::memcpy(header.arena, arena.data(), arena.size());
  header.size = memory->size;
  header.pieces = memory->pieces.size();
  const size_t tail = memory->pieces.size() * sizeof(Piece);
  std::vector<std::byte> facts(sizeof(header) + tail);
  std::memcpy(facts.data(), &header, sizeof(header));
  std::memcpy(facts.data() + sizeof(header), memory->pieces.data(), tail);
  memory->record = SharedRecord::offer(facts, anyone);
  if (memory->record.name().empty()) return ACL_ERROR_RT_IPC_ERROR;
  *shareable = memory->shareable = number_of_offer(memory->record.name());
  return ACL_SUCCESS;
}

aclError admit_to_physical(const char* api, uint64_t shareable, const int32_t* pids, size_t count) {
  std::lock_guard lock(table().mutex);
  const PhysicalMemory* memory = find_exported(shareable);
  if (memory != nullptr && admit_to_offer(memory->record.name(), pids, count)) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %#llx is no live export of this process", api,
              static_cast<unsigned long long>(shareable));
}

aclError import_physical(const char* api, uint64_t shareable, int device, PhysicalMemory** memory) {
  std::lock_guard lock(table().mutex);
  if (find_exported(shareable) != nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: exported by this very process", api);
  }
  const int fd = fetch_descriptor(shareable, kFetchTimeout);
  if (fd < 0) return ACL_ERROR_RT_IPC_ERROR;
  std::vector<std::byte> facts;
  SharedRecord record = SharedRecord::read(fd, &facts);
  ExportHeader header{};
  if (facts.size() >= sizeof(header)) std::memcpy(&header, facts.data(), sizeof(header));
  const size_t tail = facts.size() - std::min(facts.size(), sizeof(header));
  if (header.pieces == 0 || tail != header.pieces * sizeof(Piece)) {
    return fail(ACL_ERROR_RT_IPC_ERROR, "%s: what the peer sent describes no memory", api);
  }
  auto peer = map_peer({header.arena, strnlen(header.arena, sizeof(header.arena))}, kFetchTimeout);
  if (peer == nullptr) return ACL_ERROR_RT_IPC_ERROR;
  std::vector<Piece> pieces(header.pieces);
  std::memcpy(pieces.data(), facts.data() + sizeof(header), tail);
  const bool inside = std::ranges::all_of(pieces, [&](const Piece& piece) {
    return piece.size <= peer->size() && piece.offset <= peer->size() - piece.size;
  });
  *memory = inside ? table().handles.create(device, header.size) : nullptr;
  if (*memory == nullptr) {
    return fail(
        ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "%s: %s", api,
        inside ? "all handles are in use" : "what the peer sent lies outside of its device");
  }
  (*memory)->pieces = std::move(pieces);
  (*memory)->peer = std::move(peer);
  (*memory)->record = std::move(record);
  (*memory)->shareable = shareable;
  return ACL_SUCCESS;
}

aclError reserve_range(const char* api, size_t size, void** client) {
  VirtualRange* range = VirtualRange::reserve(size);
  if (range == nullptr) {
    const std::string cause = take_recent_message();
    return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "%s: %s", api, cause.c_str());
  }
  *client = range->client();
  return ACL_SUCCESS;
}

aclError release_range(const char* api, void* client) {
  std::lock_guard lock(table().mutex);
  size_t offset = 0;
  VirtualRange* range = range_at(client, &offset);
  if (range == nullptr || offset != 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %p is not the start of a reserved range", api,
                client);
  }
  if (table().ranges[range] > 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: memory is still mapped in the range at %p: call aclrtUnmapMem first", api,
                client);
  }
  table().ranges.erase(range);
  delete range;
  return ACL_SUCCESS;
}

void drop_physical_of(int device) {
  std::lock_guard lock(table().mutex);
  std::vector<PhysicalMemory*> going = std::exchange(table().lent, {});
  table().handles.for_each([&](PhysicalMemory& memory) {
    if (memory.device != device) return;
    memory.live.store(false);
    if (memory.mappings == 0) going.push_back(&memory);
  });
  for (auto mapping = table().mappings.begin(); mapping != table().mappings.end();) {
    const auto current = mapping++;
    if (current->second.memory->device == device) unmap(current);
  }
  for (PhysicalMemory* memory : going) recycle_if_over(memory);
  // The arena is emptied next: nothing of it can stay lent.
  std::erase_if(table().lent, [device](PhysicalMemory* memory) {
    if (memory->device != device) return false;
    recycle(memory);
    return true;
  });
}

}  // namespace ascend_emulator
