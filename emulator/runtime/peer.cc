#include "emulator/runtime/peer.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

#include "emulator/runtime/address_space.h"
#include "emulator/runtime/descriptor_server.h"
#include "emulator/runtime/device.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/virtual_range.h"

namespace ascend_emulator {
namespace {

class MappedPeer : public PeerArena {
 public:
  MappedPeer(std::unique_ptr<Arena> arena, int slot) : arena_(std::move(arena)), slot_(slot) {}
  ~MappedPeer() override { remove_arena(slot_); }

  std::byte* alias() const override { return arena_->alias(); }
  int file() const override { return arena_->fd(); }
  size_t size() const override { return arena_->capacity(); }

  void* import_block(size_t offset, size_t bytes) override {
    if (arena_->add_foreign_block({offset, bytes})) return client_address(slot_, offset);
    fail(ACL_ERROR_RT_PARAM_INVALID,
         "cannot import %zu bytes at %zu of a peer's device: not within it, or in conflict with "
         "another import",
         bytes, offset);
    return nullptr;
  }

  void release_block(void* client) override {
    size_t offset;
    if (arena_at(client, &offset) == arena_.get()) arena_->drop_foreign_block(offset);
  }

 private:
  std::unique_ptr<Arena> arena_;
  int slot_;
};

struct Peers {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<PeerArena>> by_name;
  std::map<int, std::string> exported;  // own devices
};

Peers& peers() {
  static Peers& all = *new Peers;
  return all;
}

// "<descriptor name>@<physical device>"
bool split_name(const std::string& name, std::string* descriptor, int* device) {
  const size_t at = name.rfind('@');
  if (at == std::string::npos) return false;
  *descriptor = name.substr(0, at);
  return std::sscanf(name.c_str() + at + 1, "%d", device) == 1;
}

std::shared_ptr<PeerArena> map_new(const std::string& name, std::chrono::milliseconds timeout) {
  std::string descriptor;
  int device;
  if (!split_name(name, &descriptor, &device)) {
    fail(ACL_ERROR_RT_PARAM_INVALID, "\"%s\" is no name of a peer's device", name.c_str());
    return nullptr;
  }
  const int fd = fetch_descriptor(descriptor, timeout);
  if (fd < 0) return nullptr;
  auto arena = Arena::import(logical_device(device), fd);
  if (arena == nullptr) return nullptr;
  const int slot = place_imported_arena(arena.get());
  return slot < 0 ? nullptr : std::make_shared<MappedPeer>(std::move(arena), slot);
}

}  // namespace

std::string export_descriptor(int fd) { return offer_descriptor(fd); }

void withdraw_descriptor(const std::string& name) { withdraw_offer(name); }

int import_descriptor(const std::string& name, std::chrono::milliseconds timeout) {
  return fetch_descriptor(name, timeout);
}

std::string export_arena(int device) {
  if (open_device("export_arena", device) != ACL_SUCCESS) return {};
  std::lock_guard lock(peers().mutex);
  std::string& name = peers().exported[device];
  if (name.empty()) {
    const Arena& arena = *device_state(device).arena.load(std::memory_order_acquire);
    const std::string descriptor = offer_descriptor(arena.fd());
    if (descriptor.empty()) return {};
    name = descriptor + "@" + std::to_string(physical_device(device));
  }
  return name;
}

ArenaView arena_view(int device) {
  const Arena* arena =
      valid_device(device) ? device_state(device).arena.load(std::memory_order_acquire) : nullptr;
  return arena == nullptr ? ArenaView{nullptr, 0} : ArenaView{arena->alias(), arena->capacity()};
}

bool arena_offset(const void* client, size_t* offset) { return arena_extent(client, offset) != 0; }

size_t arena_extent(const void* client, size_t* offset) {
  if (VirtualRange* range = range_at(client, offset)) {
    const bool own = range->own.load(std::memory_order_acquire);
    return own ? range->contiguous(*offset, offset) : 0;
  }
  Block block;
  const Arena* arena = arena_at(client, offset);
  if (arena == nullptr || !arena->find(*offset, &block)) return 0;
  return block.offset + block.size - *offset;
}

std::shared_ptr<PeerArena> map_peer(const std::string& name, std::chrono::milliseconds timeout) {
  std::lock_guard lock(peers().mutex);
  auto arena = peers().by_name[name].lock();
  if (arena == nullptr) {
    arena = map_new(name, timeout);
    peers().by_name[name] = arena;
  }
  return arena;
}

}  // namespace ascend_emulator
