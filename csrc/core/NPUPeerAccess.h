#pragma once

#include <c10/core/Device.h>

namespace c10_npu {

// Lets copies on `device`'s streams reach the memory of `peer`. Asks CANN once for each pair; false
// if the two devices have no way to each other.
bool enable_peer_access(c10::DeviceIndex device, c10::DeviceIndex peer);

}  // namespace c10_npu
