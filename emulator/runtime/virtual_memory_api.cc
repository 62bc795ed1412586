#include <algorithm>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/faults.h"
#include "emulator/runtime/physical_memory.h"

using namespace ascend_emulator;

namespace {

constexpr size_t kMiB = 1 << 20;

// Kinds of physical memory that Atlas A2 has on its devices.
struct Kind {
  aclrtMemAttr attr;
  size_t granularity;
};
constexpr Kind kKinds[] = {
    {ACL_HBM_MEM_HUGE, 2 * kMiB},      {ACL_HBM_MEM_NORMAL, 2 * kMiB},
    {ACL_HBM_MEM_P2P_HUGE, 2 * kMiB},  {ACL_HBM_MEM_P2P_NORMAL, 2 * kMiB},
    {ACL_HBM_MEM_HUGE1G, 1024 * kMiB}, {ACL_MEM_NORMAL, 2 * kMiB},
    {ACL_MEM_HUGE, 2 * kMiB},          {ACL_MEM_HUGE1G, 1024 * kMiB},
    {ACL_MEM_P2P_NORMAL, 2 * kMiB},    {ACL_MEM_P2P_HUGE, 2 * kMiB},
};

aclError fail_param(const char* api, const char* what) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s", api, what);
}

aclError check_properties(const char* api, const aclrtPhysicalMemProp* prop, const Kind** kind) {
  if (prop == nullptr) return fail_param(api, "prop is null");
  if (prop->handleType != ACL_MEM_HANDLE_TYPE_NONE ||
      prop->allocationType != ACL_MEM_ALLOCATION_TYPE_PINNED) {
    return fail_param(api, "prop.handleType must be NONE and prop.allocationType PINNED");
  }
  *kind = std::ranges::find(kKinds, prop->memAttr, &Kind::attr);
  if (*kind == std::end(kKinds) || prop->location.type != ACL_MEM_LOCATION_TYPE_DEVICE) {
    return fail(ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                "%s: only device memory is emulated: prop.location.type=%d, prop.memAttr=%d", api,
                prop->location.type, prop->memAttr);
  }
  return check_device_id(api, static_cast<int>(prop->location.id));
}

}  // namespace

aclError aclrtReserveMemAddress(void** virPtr, size_t size, size_t alignment, void* expectPtr,
                                uint64_t flags) {
  ACL_API_SCOPE(aclrtReserveMemAddress);
  constexpr const char* api = "aclrtReserveMemAddress";
  if (virPtr == nullptr || size == 0) return fail_param(api, "virPtr is null or size is 0");
  *virPtr = nullptr;
  // Clients ask for huge pages (1), which device memory has anyhow.
  if (alignment != 0 || expectPtr != nullptr || flags > 1) {
    return fail_param(api, "alignment and flags must be 0 and expectPtr null");
  }
  return reserve_range(api, size, virPtr);
}

aclError aclrtReleaseMemAddress(void* virPtr) {
  ACL_API_SCOPE(aclrtReleaseMemAddress);
  return release_range("aclrtReleaseMemAddress", virPtr);
}

aclError aclrtMallocPhysical(aclrtDrvMemHandle* handle, size_t size,
                             const aclrtPhysicalMemProp* prop, uint64_t flags) {
  ACL_API_SCOPE(aclrtMallocPhysical);
  constexpr const char* api = "aclrtMallocPhysical";
  if (handle == nullptr || size == 0) return fail_param(api, "handle is null or size is 0");
  *handle = nullptr;
  if (flags != 0) return fail_param(api, "flags must be 0");
  if (current_context() == nullptr) return fail_no_device(api);
  const Kind* kind;
  if (const aclError error = check_properties(api, prop, &kind); error != ACL_SUCCESS) return error;
  const int device = static_cast<int>(prop->location.id);
  if (const aclError error = open_device(api, device); error != ACL_SUCCESS) return error;
  if (const aclError error = malloc_fault(api); error != ACL_SUCCESS) return error;
  PhysicalMemory* memory;
  const aclError error = allocate_physical(api, device, size, &memory);
  if (error == ACL_SUCCESS) *handle = memory;
  return error;
}

aclError aclrtFreePhysical(aclrtDrvMemHandle handle) {
  ACL_API_SCOPE(aclrtFreePhysical);
  return free_physical("aclrtFreePhysical", handle);
}

aclError aclrtMapMem(void* virPtr, size_t size, size_t offset, aclrtDrvMemHandle handle,
                     uint64_t flags) {
  ACL_API_SCOPE(aclrtMapMem);
  constexpr const char* api = "aclrtMapMem";
  if (offset != 0 || flags != 0) return fail_param(api, "offset and flags must be 0");
  return map_physical(api, virPtr, size, handle);
}

aclError aclrtUnmapMem(void* virPtr) {
  ACL_API_SCOPE(aclrtUnmapMem);
  return unmap_physical("aclrtUnmapMem", virPtr);
}

aclError aclrtMemGetAllocationGranularity(aclrtPhysicalMemProp* prop,
                                          aclrtMemGranularityOptions option, size_t* granularity) {
  ACL_API_SCOPE(aclrtMemGetAllocationGranularity);
  constexpr const char* api = "aclrtMemGetAllocationGranularity";
  if (granularity == nullptr) return fail_param(api, "granularity is null");
  if (option != ACL_RT_MEM_ALLOC_GRANULARITY_MINIMUM &&
      option != ACL_RT_MEM_ALLOC_GRANULARITY_RECOMMENDED) {
    return fail_param(api, "unknown option");
  }
  const Kind* kind;
  if (const aclError error = check_properties(api, prop, &kind); error != ACL_SUCCESS) return error;
  *granularity = kind->granularity;
  return ACL_SUCCESS;
}

aclError aclrtMemExportToShareableHandle(aclrtDrvMemHandle handle, aclrtMemHandleType handleType,
                                         uint64_t flags, uint64_t* shareableHandle) {
  ACL_API_SCOPE(aclrtMemExportToShareableHandle);
  constexpr const char* api = "aclrtMemExportToShareableHandle";
  if (shareableHandle == nullptr) return fail_param(api, "shareableHandle is null");
  if (handleType != ACL_MEM_HANDLE_TYPE_NONE ||
      flags > ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION) {
    return fail_param(api, "handleType must be NONE, and flags 0 or DISABLE_PID_VALIDATION");
  }
  const bool anyone = flags == ACL_RT_VMM_EXPORT_FLAG_DISABLE_PID_VALIDATION;
  return export_physical(api, handle, anyone, shareableHandle);
}

aclError aclrtMemSetPidToShareableHandle(uint64_t shareableHandle, int32_t* pid, size_t pidNum) {
  ACL_API_SCOPE(aclrtMemSetPidToShareableHandle);
  constexpr const char* api = "aclrtMemSetPidToShareableHandle";
  if (pid == nullptr || pidNum == 0) return fail_param(api, "pid is null or pidNum is 0");
  return admit_to_physical(api, shareableHandle, pid, pidNum);
}

aclError aclrtMemImportFromShareableHandle(uint64_t shareableHandle, int32_t deviceId,
                                           aclrtDrvMemHandle* handle) {
  ACL_API_SCOPE(aclrtMemImportFromShareableHandle);
  constexpr const char* api = "aclrtMemImportFromShareableHandle";
  if (handle == nullptr) return fail_param(api, "handle is null");
  *handle = nullptr;
  if (current_context() == nullptr) return fail_no_device(api);
  if (const aclError error = open_device(api, deviceId); error != ACL_SUCCESS) return error;
  PhysicalMemory* memory;
  const aclError error = import_physical(api, shareableHandle, deviceId, &memory);
  if (error == ACL_SUCCESS) *handle = memory;
  return error;
}
