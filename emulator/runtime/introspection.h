#pragma once

#include <cstdint>

#include "emulator/runtime/export.h"

// What tests and tools ask of the emulator beyond CANN's interface. All counts are of this process.
extern "C" {

EMULATOR_API uint64_t emulatorTaskCount(int device);    // kernels that finished
EMULATOR_API uint64_t emulatorMemcpyCount(int device);  // copies and memsets that finished

// Every kernel takes at least this much longer. Also ASCEND_EMULATOR_KERNEL_DELAY_US.
EMULATOR_API void emulatorSetKernelDelayMicros(uint64_t micros);
EMULATOR_API uint64_t emulatorKernelDelayMicros();

// Replaces the faults that are still to come: see faults.h. 0, or an ACL code.
EMULATOR_API int emulatorInjectFaults(const char* specification);
}
