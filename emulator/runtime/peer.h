#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "emulator/runtime/export.h"

// File descriptors and device arenas for other processes on this host. A process serves them on one
// abstract Unix socket, so nothing is left behind when it dies. Names are plain text without spaces
// that may be sent to the peer by any means.
namespace ascend_emulator {

// Offers a duplicate of `fd` (e.g. a memfd of one's own) until withdrawn. Empty string: failed, see
// take_recent_message().
EMULATOR_API std::string export_descriptor(int fd);
EMULATOR_API void withdraw_descriptor(const std::string& name);

// The caller owns the result. -1: the process is gone, refused, or did not answer in time; see
// take_recent_message().
EMULATOR_API int import_descriptor(const std::string& name, std::chrono::milliseconds timeout);

// Name under which peers can map this process's arena of `device`.
EMULATOR_API std::string export_arena(int device);

// This process's own arena of `device` in the mapping for kernels; null base while the device has
// not been set in this process.
struct ArenaView {
  std::byte* base;
  size_t size;
};
EMULATOR_API ArenaView arena_view(int device);

// Distance of a device address from the start of its arena: the same in every process. False if it
// is not inside a live block of this process.
EMULATOR_API bool arena_offset(const void* client, size_t* offset);

// How many bytes from the address on lie side by side in the arena; less than to the end of the
// block only where virtual memory is mapped in pieces. 0: no live block of this process.
EMULATOR_API size_t arena_extent(const void* client, size_t* offset);

// A peer's arena, mapped readable and writable. Unmapped when the last reference goes.
class EMULATOR_API PeerArena {
 public:
  virtual ~PeerArena() = default;
  virtual std::byte* alias() const = 0;  // start of the arena
  virtual int file() const = 0;          // the memfd behind it
  virtual size_t size() const = 0;

  // A client address (PROT_NONE, accepted by resolve()) for one block of the peer's arena; null if
  // it does not fit.
  virtual void* import_block(size_t offset, size_t bytes) = 0;
  virtual void release_block(void* client) = 0;
};

// One mapping per name and process. Null: see take_recent_message().
EMULATOR_API std::shared_ptr<PeerArena> map_peer(const std::string& name,
                                                 std::chrono::milliseconds timeout);

}  // namespace ascend_emulator
