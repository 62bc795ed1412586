#include <chrono>
#include <cstring>
#include <map>
#include <mutex>

#include "acl/acl_rt.h"
#include "emulator/runtime/address_facts.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/descriptor_server.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/ipc_memory.h"
#include "emulator/runtime/peer.h"
#include "emulator/runtime/shared_record.h"
#include "emulator/runtime/virtual_range.h"

using namespace ascend_emulator;

namespace {

constexpr size_t kKeySize = 65;  // with the final zero, as CANN prescribes
constexpr std::chrono::milliseconds kFetchTimeout{10'000};

// What a key stands for.
struct SharedBlock {
  char arena[128];
  uint64_t offset;
  uint64_t size;
};

struct Exported {
  SharedRecord record;
  int device;
};

struct Imported {
  std::shared_ptr<PeerArena> peer;
  void* client;
  int uses;
};

struct Keys {
  std::mutex mutex;
  std::map<std::string, Exported> exported;
  std::map<std::string, Imported> imported;
};

Keys& keys() {
  static Keys& all = *new Keys;
  return all;
}

aclError fail_param(const char* api, const char* what) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s", api, what);
}

aclError fail_key(const char* api, const char* key) {
  return fail(ACL_ERROR_RT_PARAM_INVALID,
              "%s: \"%.64s\" is no key that this process has exported%s", api, key,
              std::strcmp(api, "aclrtIpcMemClose") == 0 ? " or imported" : "");
}

// CANN shares whole pages, hence blocks from their start on.
aclError check_block(const char* api, const void* address, size_t size, AddressFacts* facts) {
  *facts = inspect_address(address);
  if (facts->kind != AddressFacts::kLive || facts->offset != 0 || is_virtual_address(address) ||
      !valid_device(facts->device)) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: %p must be the start of a block of aclrtMalloc, but is %s; physical memory is "
                "shared with aclrtMemExportToShareableHandle",
                api, address, describe_address(address).c_str());
  }
  if (size > 0 && size <= facts->size) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: size=%zu, but the block has %zu bytes", api, size,
              facts->size);
}

aclError import_block(const char* api, const char* key, Imported* imported) {
  const int fd = fetch_descriptor(std::string(key), kFetchTimeout);
  if (fd < 0) return ACL_ERROR_RT_IPC_ERROR;
  std::vector<std::byte> facts;
  const SharedRecord record = SharedRecord::read(fd, &facts);
  SharedBlock block;
  if (facts.size() != sizeof(block)) {
    return fail(ACL_ERROR_RT_IPC_ERROR, "%s: what the peer sent describes no block", api);
  }
  std::memcpy(&block, facts.data(), sizeof(block));
  const std::string arena(block.arena, strnlen(block.arena, sizeof(block.arena)));
  imported->peer = map_peer(arena, kFetchTimeout);
  if (imported->peer == nullptr) return ACL_ERROR_RT_IPC_ERROR;
  imported->client = imported->peer->import_block(block.offset, block.size);
  return imported->client == nullptr ? ACL_ERROR_RT_IPC_ERROR : ACL_SUCCESS;
}

void enable_peer_access(const void* client) {
  const int device = inspect_address(client).device;
  const int own = current_context()->device;
  if (valid_device(device) && device != own) {
    device_state(own).peers.fetch_or(uint64_t{1} << device);
  }
}

}  // namespace

namespace ascend_emulator {

void drop_exports_of(int device) {
  std::lock_guard lock(keys().mutex);
  std::erase_if(keys().exported, [device](const auto& key) { return key.second.device == device; });
}

}  // namespace ascend_emulator

aclError aclrtIpcMemGetExportKey(void* devPtr, size_t size, char* key, size_t len, uint64_t flags) {
  ACL_API_SCOPE(aclrtIpcMemGetExportKey);
  constexpr const char* api = "aclrtIpcMemGetExportKey";
  if (key == nullptr || len < kKeySize) return fail_param(api, "key needs room for 65 characters");
  if (flags > ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION) {
    return fail_param(api, "flags must be 0 or DISABLE_PID_VALIDATION");
  }
  AddressFacts facts;
  if (const aclError error = check_block(api, devPtr, size, &facts); error != ACL_SUCCESS) {
    return error;
  }
  SharedBlock block{};
  const std::string arena = export_arena(facts.device);
  if (arena.empty() || arena.size() >= sizeof(block.arena)) return ACL_ERROR_RT_IPC_ERROR;
  std::memcpy(block.arena, arena.data(), arena.size());
  arena_offset(devPtr, &block.offset);
  block.size = facts.size;
  const auto* bytes = reinterpret_cast<const std::byte*>(&block);
  const bool anyone = flags == ACL_RT_IPC_MEM_EXPORT_FLAG_DISABLE_PID_VALIDATION;
  SharedRecord record = SharedRecord::offer({bytes, bytes + sizeof(block)}, anyone);
  const std::string name = record.name();
  if (name.empty() || name.size() >= kKeySize) return ACL_ERROR_RT_IPC_ERROR;
  std::memset(key, 0, len);
  std::memcpy(key, name.data(), name.size());
  std::lock_guard lock(keys().mutex);
  keys().exported.emplace(name, Exported{std::move(record), facts.device});
  return ACL_SUCCESS;
}

aclError aclrtIpcMemSetImportPid(const char* key, int32_t* pid, size_t num) {
  ACL_API_SCOPE(aclrtIpcMemSetImportPid);
  constexpr const char* api = "aclrtIpcMemSetImportPid";
  if (key == nullptr || pid == nullptr || num == 0) return fail_param(api, "nothing to set");
  return admit_to_offer(key, pid, num) ? ACL_SUCCESS : fail_key(api, key);
}

// Which link carries the accesses: there is one memory here.
aclError aclrtIpcMemSetAttr(const char* key, aclrtIpcMemAttrType type, uint64_t attr) {
  ACL_API_SCOPE(aclrtIpcMemSetAttr);
  constexpr const char* api = "aclrtIpcMemSetAttr";
  if (key == nullptr) return fail_param(api, "key is null");
  if (type != ACL_RT_IPC_MEM_ATTR_ACCESS_LINK || attr > 1) {
    return fail_param(api, "only ACCESS_LINK, 0 or 1, is known");
  }
  std::lock_guard lock(keys().mutex);
  return keys().exported.contains(key) ? ACL_SUCCESS : fail_key(api, key);
}

aclError aclrtIpcMemImportByKey(void** devPtr, const char* key, uint64_t flags) {
  ACL_API_SCOPE(aclrtIpcMemImportByKey);
  constexpr const char* api = "aclrtIpcMemImportByKey";
  if (devPtr == nullptr || key == nullptr || strnlen(key, kKeySize) == kKeySize) {
    return fail_param(api, "devPtr or key is null, or the key has no end");
  }
  *devPtr = nullptr;
  if (flags > ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS) {
    return fail_param(api, "flags must be 0 or ENABLE_PEER_ACCESS");
  }
  if (current_context() == nullptr) return fail_no_device(api);
  std::lock_guard lock(keys().mutex);
  auto found = keys().imported.find(key);
  if (found == keys().imported.end()) {
    Imported imported{nullptr, nullptr, 0};
    if (const aclError error = import_block(api, key, &imported); error != ACL_SUCCESS) {
      const std::string cause = take_recent_message();
      return fail(error, "%s: %s", api, cause.c_str());
    }
    found = keys().imported.emplace(key, std::move(imported)).first;
  }
  ++found->second.uses;
  *devPtr = found->second.client;
  if (flags == ACL_RT_IPC_MEM_IMPORT_FLAG_ENABLE_PEER_ACCESS) enable_peer_access(*devPtr);
  return ACL_SUCCESS;
}

// Each import is closed; an export is closed once.
aclError aclrtIpcMemClose(const char* key) {
  ACL_API_SCOPE(aclrtIpcMemClose);
  constexpr const char* api = "aclrtIpcMemClose";
  if (key == nullptr) return fail_param(api, "key is null");
  std::lock_guard lock(keys().mutex);
  const auto imported = keys().imported.find(key);
  if (imported != keys().imported.end()) {
    if (--imported->second.uses > 0) return ACL_SUCCESS;
    imported->second.peer->release_block(imported->second.client);
    keys().imported.erase(imported);
    return ACL_SUCCESS;
  }
  return keys().exported.erase(key) > 0 ? ACL_SUCCESS : fail_key(api, key);
}
