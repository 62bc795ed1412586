#include "emulator/runtime/address_facts.h"

#include <cstdio>

#include "emulator/runtime/address_space.h"
#include "emulator/runtime/host_memory.h"
#include "emulator/runtime/virtual_range.h"

namespace ascend_emulator {
namespace {

AddressFacts inspect_virtual(const void* address) {
  size_t offset;
  Block run;
  const VirtualRange* range = range_at(address, &offset);
  if (range == nullptr) return {AddressFacts::kUnallocated, -1, nullptr, 0, 0};
  const bool live = range->find(offset, &run);
  if (!live && !range->find_unmapped(offset, &run)) {
    return {AddressFacts::kUnallocated, range->device.load(), nullptr, 0, 0};
  }
  return {live ? AddressFacts::kLive : AddressFacts::kFreed, range->device.load(),
          range->client() + run.offset, run.size, offset - run.offset};
}

}  // namespace

AddressFacts inspect_address(const void* address) {
  if (!is_device_address(address)) return {AddressFacts::kHost, -1, nullptr, 0, 0};
  size_t offset;
  Block block;
  if (is_virtual_address(address)) return inspect_virtual(address);
  const Arena* arena = arena_at(address, &offset);
  if (arena == nullptr) return {AddressFacts::kUnallocated, -1, nullptr, 0, 0};
  AddressFacts::Kind kind = AddressFacts::kUnallocated;
  if (arena->find(offset, &block)) {
    kind = AddressFacts::kLive;
  } else if (arena->find_freed(offset, &block)) {
    kind = AddressFacts::kFreed;
  } else {
    return {kind, arena->device(), nullptr, 0, 0};
  }
  const size_t distance = offset - block.offset;
  return {kind, arena->device(), static_cast<const char*>(address) - distance, block.size,
          distance};
}

std::string describe_address(const void* address) {
  const AddressFacts facts = inspect_address(address);
  char text[160];
  switch (facts.kind) {
    case AddressFacts::kHost:
      return is_pinned_host(address, 1) ? "pinned host memory" : "host memory";
    case AddressFacts::kUnallocated:
      std::snprintf(text, sizeof(text), "device %d, but in no block", facts.device);
      break;
    default:
      std::snprintf(text, sizeof(text), "device %d, byte %zu of the %s block %p of %zu bytes",
                    facts.device, facts.offset,
                    facts.kind == AddressFacts::kLive ? "live" : "freed", facts.block, facts.size);
  }
  return text;
}

}  // namespace ascend_emulator
