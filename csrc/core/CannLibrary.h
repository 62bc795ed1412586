#pragma once

#include <string>

namespace c10_npu {

// Says in which CANN installation the stubs look for their libraries. Empty: there is none, and
// `reason` (what was looked for, where, what to install) becomes the error of the first device call.
// Call it before the first use of a device.
void set_cann_home(const std::string& home, const std::string& reason);

// The reason of set_cann_home, "" if a CANN was found.
const std::string& cann_missing_reason();

}  // namespace c10_npu
