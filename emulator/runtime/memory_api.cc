#include <cstring>

#include "acl/acl_rt.h"
#include "emulator/runtime/address_facts.h"
#include "emulator/runtime/address_space.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/faults.h"
#include "emulator/runtime/host_memory.h"

using namespace ascend_emulator;

namespace {

// CANN hands out blocks whose usable size is a multiple of this.
constexpr size_t kUsableUnit = 32;
constexpr uint32_t kPageSize = 4096;

aclError allocate(const char* api, void** address, size_t size) {
  if (address == nullptr || size == 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s", api,
                address == nullptr ? "devPtr is null" : "size is 0");
  }
  *address = nullptr;
  const Context* context = current_context();
  if (context == nullptr) return fail_no_device(api);
  if (const aclError error = malloc_fault(api); error != ACL_SUCCESS) return error;
  Arena& arena = *device_state(context->device).arena.load(std::memory_order_acquire);
  const size_t usable =
      size > SIZE_MAX - kUsableUnit ? size : (size + kUsableUnit - 1) / kUsableUnit * kUsableUnit;
  size_t offset;
  if (!arena.allocate(usable, &offset)) {
    return fail(ACL_ERROR_RT_MEMORY_ALLOCATION,
                "%s: out of memory on device %d: asked for %zu bytes; %zu of %zu are free, the "
                "largest range has %zu",
                api, context->device, size, arena.capacity() - arena.used(), arena.capacity(),
                arena.largest_free());
  }
  *address = client_address(context->device, offset);
  return ACL_SUCCESS;
}

}  // namespace

// Pages of every policy are the same here; a policy is a wish, not a promise.
aclError aclrtMalloc(void** devPtr, size_t size, aclrtMemMallocPolicy) {
  ACL_API_SCOPE(aclrtMalloc);
  return allocate("aclrtMalloc", devPtr, size);
}

aclError aclrtMallocAlign32(void** devPtr, size_t size, aclrtMemMallocPolicy) {
  ACL_API_SCOPE(aclrtMallocAlign32);
  return allocate("aclrtMallocAlign32", devPtr, size);
}

aclError aclrtFree(void* devPtr) {
  ACL_API_SCOPE(aclrtFree);
  size_t offset;
  Arena* arena = arena_at(devPtr, &offset);
  const bool own = arena != nullptr && valid_device(arena->device()) &&
                   arena == device_state(arena->device()).arena.load(std::memory_order_acquire);
  if (own && arena->release(offset)) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_PARAM_INVALID,
              "aclrtFree: %p is not the start of a live block of aclrtMalloc: it is %s", devPtr,
              describe_address(devPtr).c_str());
}

aclError aclrtGetMemInfo(aclrtMemAttr attr, size_t* free, size_t* total) {
  ACL_API_SCOPE(aclrtGetMemInfo);
  if (free == nullptr || total == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtGetMemInfo: free and total must not be null");
  }
  const Context* context = current_context();
  if (context == nullptr) return fail_no_device("aclrtGetMemInfo");
  *free = *total = 0;
  switch (static_cast<int>(attr)) {
    case ACL_DDR_MEM:
    case ACL_DDR_MEM_HUGE:
    case ACL_DDR_MEM_NORMAL:
      return ACL_SUCCESS;  // these chips have HBM only
    case ACL_HBM_MEM:
    case ACL_HBM_MEM_HUGE:
    case ACL_HBM_MEM_NORMAL:
      break;
    default:
      return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtGetMemInfo: unknown attr %d", attr);
  }
  Arena& arena = *device_state(context->device).arena.load(std::memory_order_acquire);
  *total = arena.capacity();
  *free = arena.capacity() - arena.used();
  return ACL_SUCCESS;
}

aclError aclrtPointerGetAttributes(const void* ptr, aclrtPtrAttributes* attributes) {
  ACL_API_SCOPE(aclrtPointerGetAttributes);
  if (attributes == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtPointerGetAttributes: attributes is null");
  }
  std::memset(attributes, 0, sizeof(*attributes));
  attributes->pageSize = kPageSize;
  const AddressFacts facts = inspect_address(ptr);
  if (facts.kind == AddressFacts::kLive) {
    attributes->location = {static_cast<uint32_t>(facts.device), ACL_MEM_LOCATION_TYPE_DEVICE};
  } else if (facts.kind == AddressFacts::kHost && is_pinned_host(ptr, 1)) {
    attributes->location = {0, ACL_MEM_LOCATION_TYPE_HOST};
  } else {
    attributes->location = {0, ACL_MEM_LOCATION_TYPE_UNREGISTERED};
  }
  return ACL_SUCCESS;
}
