#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

namespace c10_npu {

// What CANN tells about a device. A figure that the installed CANN does not know is 0.
struct NPUProperties {
  std::string name;     // of the SoC, e.g. Ascend910B3
  size_t total_memory;  // bytes
  int64_t cube_core_num;
  int64_t vector_core_num;
  size_t l2_cache_size;  // bytes
};

NPUProperties get_device_properties(c10::DeviceIndex device);

// Whether kernels on `device` can read the memory of `peer`.
bool can_access_peer(c10::DeviceIndex device, c10::DeviceIndex peer);

// Percent of the last sampling period; -1: not measured.
struct Utilization {
  int cube;    // cores that were busy
  int memory;  // bandwidth that was used
};
Utilization utilization(c10::DeviceIndex device);

// The installed CANN's version, "unknown" where it does not say.
std::string cann_version();

}  // namespace c10_npu
