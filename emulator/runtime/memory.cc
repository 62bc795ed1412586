#include "emulator/runtime/memory.h"

#include "emulator/runtime/address_space.h"

namespace ascend_emulator {

bool resolve(const void* client, DeviceSpan* span) {
  size_t offset;
  Block block;
  const Arena* arena = arena_at(client, &offset);
  if (arena == nullptr || !arena->find(offset, &block)) return false;
  *span = {arena->alias() + offset, arena->device(), block.offset + block.size - offset};
  return true;
}

}  // namespace ascend_emulator
