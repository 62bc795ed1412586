#include "emulator/runtime/memory.h"

#include "emulator/runtime/address_space.h"
#include "emulator/runtime/virtual_range.h"

namespace ascend_emulator {

bool resolve(const void* client, DeviceSpan* span) {
  size_t offset;
  Block block;
  if (is_virtual_address(client)) {
    const VirtualRange* range = range_at(client, &offset);
    if (range == nullptr || !range->find(offset, &block)) return false;
    *span = {range->alias() + offset, range->device.load(std::memory_order_acquire),
             block.offset + block.size - offset};
    return true;
  }
  const Arena* arena = arena_at(client, &offset);
  if (arena == nullptr || !arena->find(offset, &block)) return false;
  *span = {arena->alias() + offset, arena->device(), block.offset + block.size - offset};
  return true;
}

}  // namespace ascend_emulator
