#pragma once

#include <string>

namespace c10_npu {

// Which CANN this process uses; torch_npu/_loader.py decides. Set before the first use of a device.
struct CannSource {
  std::string home;     // installation folder, "" if there is none
  std::string notice;   // printed to stderr at the first use of a device, "" for none
  std::string missing;  // without a home: what was looked for, where, and what to install
};

void set_cann_source(CannSource source);

// Whether there is an installation to load from.
bool cann_available() noexcept;

// Prints the notice.
void announce_cann();

// The error of every device call on a machine without a usable device.
[[noreturn]] void throw_no_device();

}  // namespace c10_npu
