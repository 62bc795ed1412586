#pragma once

namespace ascend_emulator {

// From now on a host access to device memory says which block was touched before the process dies
// as it would have died anyway. Other faults go straight to the handler that was there before.
void explain_segfaults();

}  // namespace ascend_emulator
