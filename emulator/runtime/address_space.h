#pragma once

#include <cstddef>
#include <cstdint>

#include "emulator/runtime/arena.h"

namespace ascend_emulator {

// All addresses that clients may hold: one reserved range without access, divided into equal slots,
// one per arena. Devices have the slot of their number, imported arenas the ones behind.

// Reserves the range at the first call. False: see the recent message.
bool reserve_address_space();

// Whether the address is in the range at all, or in that of virtual memory. Signal-safe.
bool is_device_address(const void* address);

// The arena whose slot holds the address, and the distance from its start. Null: no arena is there.
// Signal-safe and without locks.
Arena* arena_at(const void* client, size_t* offset);

std::byte* client_address(int slot, size_t offset);
void place_arena(int slot, Arena* arena);

// A free slot behind those of the devices, for an arena of `capacity`; -1: see the recent message.
int place_imported_arena(Arena* arena);
void remove_arena(int slot);

size_t resident_bytes();  // host memory behind the arenas of this process's own devices

}  // namespace ascend_emulator
