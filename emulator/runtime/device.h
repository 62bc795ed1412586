#pragma once

#include "emulator/runtime/export.h"

namespace ascend_emulator {

EMULATOR_API int device_count();
EMULATOR_API int physical_device(int device);   // its number in the host; -1: no such device
EMULATOR_API int logical_device(int physical);  // as this process numbers it; -1: not visible
EMULATOR_API int current_device();              // of the calling thread, -1 if none is set

}  // namespace ascend_emulator
