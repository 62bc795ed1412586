#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/soc.h"
#include "emulator/runtime/stream_state.h"

using namespace ascend_emulator;

namespace {

thread_local Stream* used = nullptr;  // the stream whose limits count for this thread

uint32_t cores(aclrtDevResLimitType type) {
  const Soc& soc = current_soc();
  return static_cast<uint32_t>(type == ACL_RT_DEV_RES_CUBE_CORE ? soc.cube_cores
                                                                : soc.vector_cores);
}

aclError check_type(const char* api, aclrtDevResLimitType type) {
  if (type == ACL_RT_DEV_RES_CUBE_CORE || type == ACL_RT_DEV_RES_VECTOR_CORE) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: there is no resource type %d", api, type);
}

aclError get(const char* api, const CoreLimits& limits, aclrtDevResLimitType type,
             uint32_t otherwise, uint32_t* value) {
  if (value == nullptr) return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: value is null", api);
  if (const aclError error = check_type(api, type); error != ACL_SUCCESS) return error;
  const uint32_t limit = limits.values[type].load();
  *value = limit == 0 ? otherwise : limit;
  return ACL_SUCCESS;
}

aclError set(const char* api, CoreLimits& limits, aclrtDevResLimitType type, uint32_t value) {
  if (const aclError error = check_type(api, type); error != ACL_SUCCESS) return error;
  if (value == 0 || value > cores(type)) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: value=%u (1 to %u cores of this type)", api, value,
                cores(type));
  }
  limits.values[type] = value;
  return ACL_SUCCESS;
}

aclError reset(CoreLimits& limits) {
  for (auto& value : limits.values) value = 0;
  return ACL_SUCCESS;
}

uint32_t device_limit(int device, aclrtDevResLimitType type) {
  const uint32_t limit = device_state(device).core_limits.values[type].load();
  return limit == 0 ? cores(type) : limit;
}

}  // namespace

aclError aclrtGetDeviceResLimit(int32_t deviceId, aclrtDevResLimitType type, uint32_t* value) {
  ACL_API_SCOPE(aclrtGetDeviceResLimit);
  constexpr const char* api = "aclrtGetDeviceResLimit";
  if (const aclError error = check_device_id(api, deviceId); error != ACL_SUCCESS) return error;
  return get(api, device_state(deviceId).core_limits, type, cores(type), value);
}

aclError aclrtSetDeviceResLimit(int32_t deviceId, aclrtDevResLimitType type, uint32_t value) {
  ACL_API_SCOPE(aclrtSetDeviceResLimit);
  constexpr const char* api = "aclrtSetDeviceResLimit";
  if (const aclError error = check_device_id(api, deviceId); error != ACL_SUCCESS) return error;
  return set(api, device_state(deviceId).core_limits, type, value);
}

aclError aclrtResetDeviceResLimit(int32_t deviceId) {
  ACL_API_SCOPE(aclrtResetDeviceResLimit);
  const aclError error = check_device_id("aclrtResetDeviceResLimit", deviceId);
  return error == ACL_SUCCESS ? reset(device_state(deviceId).core_limits) : error;
}

aclError aclrtGetStreamResLimit(aclrtStream stream, aclrtDevResLimitType type, uint32_t* value) {
  ACL_API_SCOPE(aclrtGetStreamResLimit);
  constexpr const char* api = "aclrtGetStreamResLimit";
  Stream* found;
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  if (const aclError error = check_type(api, type); error != ACL_SUCCESS) return error;
  return get(api, found->core_limits, type, device_limit(found->device, type), value);
}

aclError aclrtSetStreamResLimit(aclrtStream stream, aclrtDevResLimitType type, uint32_t value) {
  ACL_API_SCOPE(aclrtSetStreamResLimit);
  constexpr const char* api = "aclrtSetStreamResLimit";
  Stream* found;
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  return set(api, found->core_limits, type, value);
}

aclError aclrtResetStreamResLimit(aclrtStream stream) {
  ACL_API_SCOPE(aclrtResetStreamResLimit);
  Stream* found;
  const aclError error = find_stream("aclrtResetStreamResLimit", stream, &found);
  return error == ACL_SUCCESS ? reset(found->core_limits) : error;
}

aclError aclrtUseStreamResInCurrentThread(aclrtStream stream) {
  ACL_API_SCOPE(aclrtUseStreamResInCurrentThread);
  return find_stream("aclrtUseStreamResInCurrentThread", stream, &used);
}

aclError aclrtUnuseStreamResInCurrentThread(aclrtStream stream) {
  ACL_API_SCOPE(aclrtUnuseStreamResInCurrentThread);
  Stream* found;
  const aclError error = find_stream("aclrtUnuseStreamResInCurrentThread", stream, &found);
  if (error == ACL_SUCCESS && used == found) used = nullptr;
  return error;
}

aclError aclrtGetResInCurrentThread(aclrtDevResLimitType type, uint32_t* value) {
  ACL_API_SCOPE(aclrtGetResInCurrentThread);
  constexpr const char* api = "aclrtGetResInCurrentThread";
  if (current_context() == nullptr) return fail_no_device(api);
  if (const aclError error = check_type(api, type); error != ACL_SUCCESS) return error;
  const int device = current_context()->device;
  if (used != nullptr && used->live && used->device == device) {
    return get(api, used->core_limits, type, device_limit(device, type), value);
  }
  return get(api, device_state(device).core_limits, type, cores(type), value);
}
