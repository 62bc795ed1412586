#pragma once

#include <c10/core/Device.h>

namespace c10_npu {

constexpr c10::DeviceType kNPU = c10::DeviceType::PrivateUse1;

// Upper bound of devices in one process; sizes the per-thread and per-device tables.
constexpr int kMaxDevices = 64;

}  // namespace c10_npu
