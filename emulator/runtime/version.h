#pragma once

namespace ascend_emulator {

// The CANN release whose interface is emulated. The same as in tools/version.cfg.
constexpr const char* kCannVersion = "9.1.0";

}  // namespace ascend_emulator
