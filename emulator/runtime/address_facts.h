#pragma once

#include <cstddef>
#include <string>

namespace ascend_emulator {

// What is known about an address, for messages. Signal-safe to find out.
struct AddressFacts {
  enum Kind { kHost, kLive, kFreed, kUnallocated };
  Kind kind;
  int device;         // not for kHost
  const void* block;  // for kLive and kFreed: client address of the block
  size_t size;        // of the block
  size_t offset;      // of the address in the block
};

AddressFacts inspect_address(const void* address);

// "device 0, byte 16 of the live block 0x… of 4096 bytes"
std::string describe_address(const void* address);

}  // namespace ascend_emulator
