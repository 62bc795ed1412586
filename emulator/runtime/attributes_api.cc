#include <unistd.h>

#include "acl/acl.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/env.h"
#include "emulator/runtime/soc.h"

using namespace ascend_emulator;

namespace {

aclError fail_null(const char* api) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: the result pointer is null", api);
}

aclError fail_unknown(const char* api, int attribute) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: unknown attribute %d", api, attribute);
}

}  // namespace

const char* aclrtGetSocName() { return current_soc().name; }

aclError aclrtGetRunMode(aclrtRunMode* runMode) {
  ACL_API_SCOPE(aclrtGetRunMode);
  if (runMode == nullptr) return fail_null("aclrtGetRunMode");
  *runMode = ACL_HOST;
  return ACL_SUCCESS;
}

aclError aclGetCannAttribute(aclCannAttr cannAttr, int32_t* value) {
  ACL_API_SCOPE(aclGetCannAttribute);
  if (value == nullptr) return fail_null("aclGetCannAttribute");
  switch (cannAttr) {
    case ACL_CANN_ATTR_INF_NAN:
    case ACL_CANN_ATTR_BF16:
      *value = 1;
      return ACL_SUCCESS;
    case ACL_CANN_ATTR_JIT_COMPILE:
      *value = 0;
      return ACL_SUCCESS;
    default:
      return fail_unknown("aclGetCannAttribute", cannAttr);
  }
}

aclError aclGetDeviceCapability(uint32_t deviceId, aclDeviceInfo deviceInfo, int64_t* value) {
  ACL_API_SCOPE(aclGetDeviceCapability);
  if (value == nullptr) return fail_null("aclGetDeviceCapability");
  const aclError error = check_device_id("aclGetDeviceCapability", static_cast<int>(deviceId));
  if (error != ACL_SUCCESS) return error;
  const Soc& soc = current_soc();
  switch (deviceInfo) {
    case ACL_DEVICE_INFO_AI_CORE_NUM:
      *value = soc.cube_cores;
      return ACL_SUCCESS;
    case ACL_DEVICE_INFO_VECTOR_CORE_NUM:
      *value = soc.vector_cores;
      return ACL_SUCCESS;
    case ACL_DEVICE_INFO_L2_SIZE:
      *value = int64_t{soc.l2_mib} << 20;
      return ACL_SUCCESS;
    default:
      return fail_unknown("aclGetDeviceCapability", deviceInfo);
  }
}

aclError aclrtGetDeviceInfo(uint32_t deviceId, aclrtDevAttr attr, int64_t* value) {
  ACL_API_SCOPE(aclrtGetDeviceInfo);
  if (value == nullptr) return fail_null("aclrtGetDeviceInfo");
  const aclError error = check_device_id("aclrtGetDeviceInfo", static_cast<int>(deviceId));
  if (error != ACL_SUCCESS) return error;
  const Soc& soc = current_soc();
  switch (attr) {
    case ACL_DEV_ATTR_AICPU_CORE_NUM:
      *value = soc.ai_cpus;
      break;
    case ACL_DEV_ATTR_AICORE_CORE_NUM:
    case ACL_DEV_ATTR_CUBE_CORE_NUM:
      *value = soc.cube_cores;
      break;
    case ACL_DEV_ATTR_VECTOR_CORE_NUM:
      *value = soc.vector_cores;
      break;
    case ACL_DEV_ATTR_TOTAL_GLOBAL_MEM_SIZE:
      *value = env().device_memory;
      break;
    case ACL_DEV_ATTR_L2_CACHE_SIZE:
      *value = int64_t{soc.l2_mib} << 20;
      break;
    case ACL_DEV_ATTR_IS_VIRTUAL:
      *value = 0;
      break;
    case ACL_DEV_ATTR_NPU_ARCH:
      *value = soc.npu_arch;
      break;
    default:
      return fail_unknown("aclrtGetDeviceInfo", attr);
  }
  return ACL_SUCCESS;
}

aclError aclrtGetDeviceCapability(int32_t deviceId, aclrtDevFeatureType devFeatureType,
                                  int32_t* value) {
  ACL_API_SCOPE(aclrtGetDeviceCapability);
  if (value == nullptr) return fail_null("aclrtGetDeviceCapability");
  const aclError error = check_device_id("aclrtGetDeviceCapability", deviceId);
  if (error != ACL_SUCCESS) return error;
  switch (devFeatureType) {
    case ACL_FEATURE_TSCPU_TASK_UPDATE_SUPPORT_AIC_AIV:
    case ACL_FEATURE_SYSTEM_MEMQ_EVENT_CROSS_DEV:
      *value = 0;  // neither is emulated
      return ACL_SUCCESS;
    default:
      return fail_unknown("aclrtGetDeviceCapability", devFeatureType);
  }
}

aclError aclrtGetDeviceUtilizationRate(int32_t deviceId, aclrtUtilizationInfo* utilizationInfo) {
  ACL_API_SCOPE(aclrtGetDeviceUtilizationRate);
  if (utilizationInfo == nullptr) return fail_null("aclrtGetDeviceUtilizationRate");
  const aclError error = check_device_id("aclrtGetDeviceUtilizationRate", deviceId);
  if (error != ACL_SUCCESS) return error;
  Arena* arena = device_state(deviceId).arena.load(std::memory_order_acquire);
  const size_t used = arena == nullptr ? 0 : arena->used();
  // There are no cores whose load could be measured; -1 is "not known".
  *utilizationInfo = {-1, -1, -1, static_cast<int32_t>(used * 100 / env().device_memory), nullptr};
  return ACL_SUCCESS;
}

aclError aclrtDeviceGetBareTgid(int32_t* pid) {
  ACL_API_SCOPE(aclrtDeviceGetBareTgid);
  if (pid == nullptr) return fail_null("aclrtDeviceGetBareTgid");
  *pid = getpid();
  return ACL_SUCCESS;
}

// Kernels follow IEEE 754: infinities and NaNs, never saturation.
aclError aclrtSetDeviceSatMode(aclrtFloatOverflowMode mode) {
  ACL_API_SCOPE(aclrtSetDeviceSatMode);
  if (mode == ACL_RT_OVERFLOW_MODE_INFNAN) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
              "aclrtSetDeviceSatMode: mode %d is not emulated; only INFNAN (1) is", mode);
}

aclError aclrtGetDeviceSatMode(aclrtFloatOverflowMode* mode) {
  ACL_API_SCOPE(aclrtGetDeviceSatMode);
  if (mode == nullptr) return fail_null("aclrtGetDeviceSatMode");
  *mode = ACL_RT_OVERFLOW_MODE_INFNAN;
  return ACL_SUCCESS;
}

// These limits are made for the hardware's speed. Emulated kernels take longer and always end, so
// any limit is accepted and none is enforced.
aclError aclrtSetOpExecuteTimeOut(uint32_t) { return ACL_SUCCESS; }

aclError aclrtSetOpExecuteTimeOutV2(uint64_t timeout, uint64_t* actualTimeout) {
  if (actualTimeout == nullptr) return fail_null("aclrtSetOpExecuteTimeOutV2");
  *actualTimeout = timeout;
  return ACL_SUCCESS;
}

aclError aclrtDeviceCanAccessPeer(int32_t* canAccessPeer, int32_t deviceId, int32_t peerDeviceId) {
  ACL_API_SCOPE(aclrtDeviceCanAccessPeer);
  constexpr const char* api = "aclrtDeviceCanAccessPeer";
  if (canAccessPeer == nullptr) return fail_null(api);
  if (const aclError error = check_device_id(api, deviceId); error != ACL_SUCCESS) return error;
  if (const aclError error = check_device_id(api, peerDeviceId); error != ACL_SUCCESS) return error;
  *canAccessPeer = deviceId != peerDeviceId;
  return ACL_SUCCESS;
}

aclError aclrtDeviceEnablePeerAccess(int32_t peerDeviceId, uint32_t flags) {
  ACL_API_SCOPE(aclrtDeviceEnablePeerAccess);
  constexpr const char* api = "aclrtDeviceEnablePeerAccess";
  const Context* context = current_context();
  if (context == nullptr) return fail_no_device(api);
  if (const aclError error = check_device_id(api, peerDeviceId); error != ACL_SUCCESS) return error;
  if (flags != 0 || peerDeviceId == context->device) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s", api,
                flags != 0 ? "flags must be 0" : "a device is no peer of itself");
  }
  device_state(context->device).peers.fetch_or(uint64_t{1} << peerDeviceId);
  return ACL_SUCCESS;
}

aclError aclrtDeviceDisablePeerAccess(int32_t peerDeviceId) {
  ACL_API_SCOPE(aclrtDeviceDisablePeerAccess);
  constexpr const char* api = "aclrtDeviceDisablePeerAccess";
  const Context* context = current_context();
  if (context == nullptr) return fail_no_device(api);
  if (const aclError error = check_device_id(api, peerDeviceId); error != ACL_SUCCESS) return error;
  device_state(context->device).peers.fetch_and(~(uint64_t{1} << peerDeviceId));
  return ACL_SUCCESS;
}
