#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace ascend_emulator {

// How many cores of each kind (aclrtDevResLimitType) operators may use. 0: as many as there are.
struct CoreLimits {
  std::array<std::atomic<uint32_t>, 2> values{};
};

}  // namespace ascend_emulator
