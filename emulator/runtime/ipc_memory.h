#pragma once

namespace ascend_emulator {

// Keys of blocks on the device become invalid.
void drop_exports_of(int device);

}  // namespace ascend_emulator
