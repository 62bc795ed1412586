#include "emulator/runtime/copy.h"

#include "emulator/runtime/address_facts.h"
#include "emulator/runtime/address_space.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/host_memory.h"
#include "emulator/runtime/memory.h"

namespace ascend_emulator {
namespace {

struct Kind {
  aclrtMemcpyKind kind;
  const char* name;
  bool target_on_device;
  bool source_on_device;
};

constexpr Kind kKinds[] = {
    {ACL_MEMCPY_HOST_TO_HOST, "HOST_TO_HOST", false, false},
    {ACL_MEMCPY_HOST_TO_DEVICE, "HOST_TO_DEVICE", true, false},
    {ACL_MEMCPY_DEVICE_TO_HOST, "DEVICE_TO_HOST", false, true},
    {ACL_MEMCPY_DEVICE_TO_DEVICE, "DEVICE_TO_DEVICE", true, true},
    {ACL_MEMCPY_HOST_TO_BUF_TO_DEVICE, "HOST_TO_BUF_TO_DEVICE", true, false},
    {ACL_MEMCPY_INNER_DEVICE_TO_DEVICE, "INNER_DEVICE_TO_DEVICE", true, true},
    {ACL_MEMCPY_INTER_DEVICE_TO_DEVICE, "INTER_DEVICE_TO_DEVICE", true, true},
};

const Kind* kind_of(aclrtMemcpyKind kind, const void* dst, const void* src) {
  for (const Kind& row : kKinds) {
    if (kind == ACL_MEMCPY_DEFAULT) {
      if (row.target_on_device == is_device_address(dst) &&
          row.source_on_device == is_device_address(src)) {
        return &row;
      }
    } else if (row.kind == kind) {
      return &row;
    }
  }
  return nullptr;
}

bool may_access(int from, int to) {
  return valid_device(from) && valid_device(to) && (device_state(from).peers.load() >> to & 1) != 0;
}

// Which devices take part, and whether they may.
aclError check_devices(const char* api, const Kind& kind, int target, int source) {
  const bool same = target == source;
  if (kind.kind == ACL_MEMCPY_INNER_DEVICE_TO_DEVICE && !same) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s needs one device, but goes from %d to %d", api,
                kind.name, source, target);
  }
  if (kind.kind == ACL_MEMCPY_INTER_DEVICE_TO_DEVICE && same) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: %s needs two devices, but both addresses are on %d", api, kind.name, source);
  }
  if (same || may_access(target, source) || may_access(source, target)) return ACL_SUCCESS;
  return fail(
      ACL_ERROR_RT_PARAM_INVALID,
      "%s: devices %d and %d may not access each other: call aclrtDeviceEnablePeerAccess(%d) "
      "while device %d is current",
      api, source, target, source, target);
}

aclError check_side(const char* api, const Kind& kind, const char* parameter, const void* address,
                    size_t bytes, bool on_device, void** usable, int* device) {
  if (on_device) return check_device_range(api, parameter, address, bytes, usable, device);
  if (address == nullptr || is_device_address(address)) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s=%p must be host memory for %s, but is %s", api,
                parameter, address, kind.name,
                address == nullptr ? "null" : describe_address(address).c_str());
  }
  *usable = const_cast<void*>(address);
  return ACL_SUCCESS;
}

}  // namespace

aclError check_device_range(const char* api, const char* parameter, const void* client,
                            size_t bytes, void** alias, int* device) {
  DeviceSpan span;
  if (!resolve(client, &span)) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s=%p must be device memory, but is %s", api,
                parameter, client, client == nullptr ? "null" : describe_address(client).c_str());
  }
  if (bytes > span.size) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: %zu bytes at %s=%p go beyond the block, which ends after %zu: %s", api, bytes,
                parameter, client, span.size, describe_address(client).c_str());
  }
  *alias = span.alias;
  *device = span.device;
  return ACL_SUCCESS;
}

aclError check_copy(const char* api, void* dst, size_t dest_max, const void* src, size_t count,
                    aclrtMemcpyKind kind, Copy* copy) {
  const Kind* row = kind_of(kind, dst, src);
  if (row == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: unknown aclrtMemcpyKind %d", api, kind);
  }
  if (count > dest_max) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: count=%zu is more than destMax=%zu", api, count,
                dest_max);
  }
  int target_device = -1;
  int source_device = -1;
  void* source = nullptr;
  aclError error = check_side(api, *row, "dst", dst, count, row->target_on_device, &copy->target,
                              &target_device);
  if (error != ACL_SUCCESS) return error;
  error = check_side(api, *row, "src", src, count, row->source_on_device, &source, &source_device);
  if (error != ACL_SUCCESS) return error;
  if (row->target_on_device && row->source_on_device) {
    error = check_devices(api, *row, target_device, source_device);
    if (error != ACL_SUCCESS) return error;
  }
  copy->source = source;
  copy->bytes = count;
  copy->device = row->target_on_device ? target_device : source_device;
  copy->pageable_source = !row->source_on_device && !is_pinned_host(src, count);
  copy->pageable_target = !row->target_on_device && !is_pinned_host(dst, count);
  return ACL_SUCCESS;
}

}  // namespace ascend_emulator
