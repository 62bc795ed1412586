#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace c10_npu::allocator {

// "1.50 GiB", as in PyTorch's messages.
inline std::string format_bytes(size_t bytes) {
  static constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB"};
  int unit = 0;
  double amount = static_cast<double>(bytes);
  for (; amount >= 1024 && unit < 3; ++unit) amount /= 1024;
  char text[32];
  std::snprintf(text, sizeof(text), unit == 0 ? "%.0f %s" : "%.2f %s", amount, kUnits[unit]);
  return text;
}

}  // namespace c10_npu::allocator
