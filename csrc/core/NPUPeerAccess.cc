#include "csrc/core/NPUPeerAccess.h"

#include <array>
#include <mutex>

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/NPUProperties.h"

namespace c10_npu {
namespace {

enum class Access : char { kUnknown, kEnabled, kImpossible };

// CANN enables one direction a call, for the current device.
void enable(c10::DeviceIndex device, c10::DeviceIndex peer) {
  const NPUGuard guard(device);
  NPU_CHECK(aclrtDeviceEnablePeerAccess(peer, /*flags=*/0));
}

}  // namespace

bool enable_peer_access(c10::DeviceIndex device, c10::DeviceIndex peer) {
  static std::mutex mutex;
  static std::array<std::array<Access, kMaxDevices>, kMaxDevices> pairs{};
  const std::lock_guard lock(mutex);
  Access& access = pairs[device][peer];
  if (access == Access::kUnknown) {
    access = Access::kImpossible;
    if (can_access_peer(device, peer)) {
      enable(device, peer);
      enable(peer, device);
      access = Access::kEnabled;
      pairs[peer][device] = access;
    }
  }
  return access == Access::kEnabled;
}

}  // namespace c10_npu
