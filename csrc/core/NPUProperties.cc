#include "csrc/core/NPUProperties.h"

#include "acl/acl.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "third_party/cann/stubs/loader.h"

namespace c10_npu {
namespace {

int64_t device_info(c10::DeviceIndex device, aclrtDevAttr attribute) {
  int64_t value = 0;
  return aclrtGetDeviceInfo(device, attribute, &value) == ACL_SUCCESS ? value : 0;
}

}  // namespace

NPUProperties get_device_properties(c10::DeviceIndex device) {
  const NPUGuard guard(device);
  const char* name = aclrtGetSocName();
  return {
      .name = name == nullptr ? "unknown" : name,
      .total_memory = NPUCachingAllocator::getMemoryInfo(device).second,
      .cube_core_num = device_info(device, ACL_DEV_ATTR_CUBE_CORE_NUM),
      .vector_core_num = device_info(device, ACL_DEV_ATTR_VECTOR_CORE_NUM),
      .l2_cache_size = static_cast<size_t>(device_info(device, ACL_DEV_ATTR_L2_CACHE_SIZE)),
  };
}

bool can_access_peer(c10::DeviceIndex device, c10::DeviceIndex peer) {
  check_device_index(device);
  check_device_index(peer);
  TORCH_CHECK_VALUE(device != peer,
                    "a device has no peer access to itself: npu:", static_cast<int>(device));
  const NPUGuard guard(device);
  int32_t accessible = 0;
  NPU_CHECK(aclrtDeviceCanAccessPeer(&accessible, device, peer));
  return accessible != 0;
}

Utilization utilization(c10::DeviceIndex device) {
  const NPUGuard guard(device);
  aclrtUtilizationInfo info{};
  NPU_CHECK(aclrtGetDeviceUtilizationRate(device, &info));
  return {info.cubeUtilization, info.memoryUtilization};
}

std::string cann_version() { return cann::installed_version(); }

}  // namespace c10_npu
