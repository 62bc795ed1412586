#pragma once

#include <c10/core/Device.h>

#include "csrc/core/Macros.h"

namespace c10_npu {

// Number of devices, 0 if CANN is missing or broken. Never raises, never initializes the runtime.
c10::DeviceIndex device_count() noexcept;

// As device_count(), but 0 is an error that says what was looked for and what to install.
c10::DeviceIndex device_count_ensure_non_zero();

// The calling thread's device. A read of thread-local state.
c10::DeviceIndex current_device();

// Makes `device` the calling thread's device and binds the thread to it in CANN (initializing the
// runtime at the first call). Free when the thread is bound to it already.
void set_device(c10::DeviceIndex device);

// As set_device; returns the previous device. A negative device changes nothing.
c10::DeviceIndex exchange_device(c10::DeviceIndex device);

// As exchange_device, but does not bring a device to life which this process has not used yet:
// for guards that restore a device they found.
c10::DeviceIndex maybe_exchange_device(c10::DeviceIndex device);

// Waits for everything that was enqueued on the current device; raises after
// ACL_DEVICE_SYNC_TIMEOUT.
void device_synchronize();

// Drops what is queued on the device, here and in CANN; waits for the kernels that run.
void stop_device(c10::DeviceIndex device);
// Makes the device usable again after stop_device(): errors of the dropped work are forgotten.
void restart_device(c10::DeviceIndex device);

// Milliseconds after which CANN gives up a kernel that does not end, for the whole process.
void set_op_timeout(uint64_t milliseconds);

// Initializes the runtime (aclInit) once; raises in a forked child of an initialized process.
void lazy_init();
bool is_initialized() noexcept;
bool is_in_bad_fork() noexcept;

// Whether this process has used `device`.
bool has_primary_context(c10::DeviceIndex device) noexcept;

// Raises unless 0 <= device < device_count().
void check_device_index(c10::DeviceIndex device);

}  // namespace c10_npu
