#pragma once

#include <c10/core/Device.h>

namespace c10_npu {

// Lets two devices copy to and from each other's memory. Asks CANN once for each pair; false if
// they have no way to each other.
bool enable_peer_access(c10::DeviceIndex device, c10::DeviceIndex peer);

}  // namespace c10_npu
