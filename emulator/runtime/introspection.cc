#include "emulator/runtime/introspection.h"

#include <atomic>

#include "emulator/runtime/device_state.h"
#include "emulator/runtime/env.h"
#include "emulator/runtime/faults.h"

using namespace ascend_emulator;

namespace {

std::atomic<uint64_t>& kernel_delay() {
  static std::atomic<uint64_t> micros{static_cast<uint64_t>(env().kernel_delay_us)};
  return micros;
}

}  // namespace

uint64_t emulatorTaskCount(int device) {
  return valid_device(device) ? device_state(device).kernels.load() : 0;
}

uint64_t emulatorMemcpyCount(int device) {
  return valid_device(device) ? device_state(device).copies.load() : 0;
}

void emulatorSetKernelDelayMicros(uint64_t micros) { kernel_delay().store(micros); }

uint64_t emulatorKernelDelayMicros() { return kernel_delay().load(std::memory_order_relaxed); }

int emulatorInjectFaults(const char* specification) {
  if (!set_faults(specification == nullptr ? "" : specification)) return ACL_ERROR_RT_PARAM_INVALID;
  return ACL_SUCCESS;
}
