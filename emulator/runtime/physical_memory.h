#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "acl/acl_base.h"
#include "emulator/runtime/arena.h"
#include "emulator/runtime/peer.h"
#include "emulator/runtime/shared_record.h"
#include "emulator/runtime/virtual_range.h"

namespace ascend_emulator {

// Device memory without an address, of this process or of another that shares it. Lives until its
// handle is freed, nothing is mapped to it, and no other process uses it.
struct PhysicalMemory {
  PhysicalMemory(int device, size_t size) : device(device), size(size) {}

  std::atomic<bool> live{false};  // the handle
  const int device;               // whose kernels use it
  const size_t size;
  std::vector<Piece> pieces;
  std::shared_ptr<PeerArena> peer;  // null: the memory is in this process's own arena
  SharedRecord record;              // of an export, or of the import
  uint64_t shareable = 0;
  int mappings = 0;
};

// All under one lock of their own; they report with fail().
aclError allocate_physical(const char* api, int device, size_t size, PhysicalMemory** memory);
aclError free_physical(const char* api, const void* handle);
aclError map_physical(const char* api, void* client, size_t size, const void* handle);
aclError unmap_physical(const char* api, void* client);
aclError export_physical(const char* api, const void* handle, bool anyone, uint64_t* shareable);
aclError import_physical(const char* api, uint64_t shareable, int device, PhysicalMemory** memory);
aclError admit_to_physical(const char* api, uint64_t shareable, const int32_t* pids, size_t count);

aclError reserve_range(const char* api, size_t size, void** client);
aclError release_range(const char* api, void* client);

// Before the device's arena is emptied.
void drop_physical_of(int device);

}  // namespace ascend_emulator
