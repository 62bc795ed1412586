#include "emulator/runtime/host_memory.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

constexpr size_t kAlignment = 4096;

struct HostBlocks {
  std::shared_mutex mutex;
  std::map<uintptr_t, size_t> by_address;
};

HostBlocks& host_blocks() {
  static HostBlocks& blocks = *new HostBlocks;
  return blocks;
}

}  // namespace

bool is_pinned_host(const void* address, size_t size) {
  HostBlocks& blocks = host_blocks();
  const auto key = reinterpret_cast<uintptr_t>(address);
  std::shared_lock lock(blocks.mutex);
  auto next = blocks.by_address.upper_bound(key);
  if (next == blocks.by_address.begin()) return false;
  const auto& [begin, length] = *std::prev(next);
  return key - begin <= length && size <= length - (key - begin);
}

}  // namespace ascend_emulator

using namespace ascend_emulator;

aclError aclrtMallocHost(void** hostPtr, size_t size) {
  ACL_API_SCOPE(aclrtMallocHost);
  if (hostPtr == nullptr || size == 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtMallocHost: %s",
                hostPtr == nullptr ? "hostPtr is null" : "size is 0");
  }
  if (current_context() == nullptr) return fail_no_device("aclrtMallocHost");
  *hostPtr = nullptr;
  void* pages = nullptr;
  if (posix_memalign(&pages, kAlignment, size) != 0) {
    return fail(ACL_ERROR_RT_MEMORY_ALLOCATION, "aclrtMallocHost: the host has no %zu bytes", size);
  }
  HostBlocks& blocks = host_blocks();
  std::unique_lock lock(blocks.mutex);
  blocks.by_address.emplace(reinterpret_cast<uintptr_t>(pages), size);
  *hostPtr = pages;
  return ACL_SUCCESS;
}

aclError aclrtFreeHost(void* hostPtr) {
  ACL_API_SCOPE(aclrtFreeHost);
  HostBlocks& blocks = host_blocks();
  {
    std::unique_lock lock(blocks.mutex);
    if (blocks.by_address.erase(reinterpret_cast<uintptr_t>(hostPtr)) == 0) {
      return fail(ACL_ERROR_RT_PARAM_INVALID,
                  "aclrtFreeHost: %p was not returned by aclrtMallocHost, or is already freed",
                  hostPtr);
    }
  }
  std::free(hostPtr);
  return ACL_SUCCESS;
}
