#pragma once

#include <cstddef>

#include "emulator/runtime/export.h"

namespace ascend_emulator {

// What an address that a client holds means to the emulator.
struct DeviceSpan {
  void* alias;  // the same byte in the emulator's private, readable and writable mapping
  int device;   // owner of the block; for a block imported from a peer, the peer's device
  size_t size;  // bytes from the pointer to the end of its block
};

// False if `client` does not lie in a live device block, own or imported. Wait-free.
EMULATOR_API bool resolve(const void* client, DeviceSpan* span);

}  // namespace ascend_emulator
