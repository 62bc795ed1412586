#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace at_npu {

// How often each operator has run on the CPU because the NPU has no kernel for it.
std::map<std::string, uint64_t> fallback_stats();
void reset_fallback_stats();

}  // namespace at_npu
