#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "emulator/runtime/export.h"

namespace ascend_emulator {

// The emulator's settings, read from the environment once. A value that cannot be used is reported
// on stderr and replaced by its default. Table with meanings: env.cc.
struct Env {
  int64_t devices;         // of the host, before ASCEND_RT_VISIBLE_DEVICES
  int64_t device_memory;   // bytes
  int64_t resident_limit;  // bytes
  int64_t threads;
  int64_t kernel_delay_us;
  int64_t spin_us;
  int64_t log_level;  // CANN's: 0 debug to 3 error, 4 nothing
  std::string soc;
  std::string faults;                // see faults.h
  std::vector<int> visible_devices;  // physical number of each device that the process sees
};

EMULATOR_API const Env& env();

}  // namespace ascend_emulator
