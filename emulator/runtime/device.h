#pragma once

#include "emulator/runtime/export.h"

namespace ascend_emulator {

EMULATOR_API int device_count();
EMULATOR_API int current_device();  // of the calling thread, -1 if none is set

}  // namespace ascend_emulator
