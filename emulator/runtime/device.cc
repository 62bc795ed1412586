#include "emulator/runtime/device.h"

#include <algorithm>

#include "acl/acl_rt.h"
#include "emulator/runtime/address_space.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/env.h"
#include "emulator/runtime/ipc_memory.h"
#include "emulator/runtime/physical_memory.h"
#include "emulator/runtime/segfault.h"
#include "emulator/runtime/stream_state.h"

namespace ascend_emulator {
namespace {

constexpr uint32_t kLongestAbortMs = 36 * 60 * 1000;  // CANN's limit

}  // namespace

int device_count() { return static_cast<int>(env().visible_devices.size()); }

int physical_device(int device) {
  return valid_device(device) ? env().visible_devices[device] : -1;
}

int logical_device(int physical) {
  const auto& visible = env().visible_devices;
  const auto found = std::ranges::find(visible, physical);
  return found == visible.end() ? -1 : static_cast<int>(found - visible.begin());
}

int current_device() {
  const Context* context = current_context();
  return context == nullptr ? -1 : context->device;
}

bool valid_device(int device) { return device >= 0 && device < device_count(); }

aclError check_device_id(const char* api, int device) {
  if (valid_device(device)) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_INVALID_DEVICEID, "%s: device %d does not exist: there are %d devices",
              api, device, device_count());
}

Device& device_state(int device) {
  static Device* devices = new Device[device_count()];
  return devices[device];
}

aclError open_device(const char* api, int device) {
  if (const aclError error = check_device_id(api, device); error != ACL_SUCCESS) return error;
  Device& state = device_state(device);
  std::lock_guard lock(state.mutex);
  if (state.arena.load(std::memory_order_relaxed) != nullptr) return ACL_SUCCESS;
  if (!reserve_address_space()) return ACL_ERROR_RT_RESOURCE_ALLOC_FAIL;
  auto arena = Arena::create(device, static_cast<size_t>(env().device_memory));
  if (arena == nullptr) return ACL_ERROR_RT_RESOURCE_ALLOC_FAIL;
  watch_for_fork();
  explain_segfaults();
  place_arena(device, arena.get());
  state.arena.store(arena.release(), std::memory_order_release);
  return ACL_SUCCESS;
}

// Not under the lock: functions of the client may run until their stream has ended.
void close_device(int device) {
  Device& state = device_state(device);
  {
    std::lock_guard lock(state.mutex);
    state.primary = nullptr;
    state.uses = 0;
    state.peers = 0;
  }
  destroy_contexts_of(device);
  drop_exports_of(device);
  drop_physical_of(device);
  if (Arena* arena = state.arena.load(std::memory_order_acquire)) arena->release_all();
}

}  // namespace ascend_emulator

using namespace ascend_emulator;

aclError aclrtSetDevice(int32_t deviceId) {
  ACL_API_SCOPE(aclrtSetDevice);
  if (const aclError error = open_device("aclrtSetDevice", deviceId); error != ACL_SUCCESS) {
    return error;
  }
  Device& state = device_state(deviceId);
  std::lock_guard lock(state.mutex);
  // A context that another thread's reset has just destroyed is as good as none.
  if (state.primary == nullptr || !state.primary->live.load()) {
    state.primary = create_context(deviceId, true);
  }
  if (state.primary == nullptr) {
    return fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "aclrtSetDevice: all contexts are in use");
  }
  ++state.uses;
  set_current_context(state.primary);
  return ACL_SUCCESS;
}

aclError aclrtResetDevice(int32_t deviceId) {
  ACL_API_SCOPE(aclrtResetDevice);
  if (const aclError error = check_device_id("aclrtResetDevice", deviceId); error != ACL_SUCCESS) {
    return error;
  }
  Device& state = device_state(deviceId);
  {
    std::lock_guard lock(state.mutex);
    if (state.uses == 0) {
      return fail(ACL_ERROR_RT_CONTEXT_NULL, "aclrtResetDevice: device %d is not set", deviceId);
    }
    if (--state.uses > 0) return ACL_SUCCESS;
  }
  close_device(deviceId);
  return ACL_SUCCESS;
}

aclError aclrtResetDeviceForce(int32_t deviceId) {
  ACL_API_SCOPE(aclrtResetDeviceForce);
  constexpr const char* api = "aclrtResetDeviceForce";
  if (const aclError error = check_device_id(api, deviceId); error != ACL_SUCCESS) return error;
  close_device(deviceId);
  return ACL_SUCCESS;
}

aclError aclrtDeviceTaskAbort(int32_t deviceId, uint32_t timeout) {
  ACL_API_SCOPE(aclrtDeviceTaskAbort);
  constexpr const char* api = "aclrtDeviceTaskAbort";
  if (const aclError error = check_device_id(api, deviceId); error != ACL_SUCCESS) return error;
  if (timeout > kLongestAbortMs) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: timeout is %u ms; at most %u", api, timeout,
                kLongestAbortMs);
  }
  const uint32_t patience = timeout == 0 ? kLongestAbortMs : timeout;
  if (abort_device(deviceId, Deadline::after(patience))) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_TASK_TIMEOUT, "%s: a task of device %d has not ended in %u ms", api,
              deviceId, patience);
}

aclError aclrtGetPrimaryCtxState(int32_t deviceId, uint32_t* flags, int32_t* active) {
  ACL_API_SCOPE(aclrtGetPrimaryCtxState);
  constexpr const char* api = "aclrtGetPrimaryCtxState";
  if (active == nullptr) return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: active is null", api);
  if (const aclError error = check_device_id(api, deviceId); error != ACL_SUCCESS) return error;
  Device& state = device_state(deviceId);
  std::lock_guard lock(state.mutex);
  *active = state.uses > 0;
  if (flags != nullptr) *flags = 0;
  return ACL_SUCCESS;
}

aclError aclrtGetDevice(int32_t* deviceId) {
  ACL_API_SCOPE(aclrtGetDevice);
  if (deviceId == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtGetDevice: deviceId is null");
  }
  const int device = current_device();
  if (device < 0) return fail_no_device("aclrtGetDevice");
  *deviceId = device;
  return ACL_SUCCESS;
}

// Works before anything else and starts nothing, so that a process may ask and fork later.
aclError aclrtGetDeviceCount(uint32_t* count) {
  if (count == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtGetDeviceCount: count is null");
  }
  *count = static_cast<uint32_t>(device_count());
  if (*count == 0) {
    return fail(ACL_ERROR_RT_NO_DEVICE,
                "aclrtGetDeviceCount: no device: see ASCEND_EMULATOR_DEVICES and "
                "ASCEND_RT_VISIBLE_DEVICES");
  }
  return ACL_SUCCESS;
}
