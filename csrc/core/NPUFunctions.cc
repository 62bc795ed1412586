#include "csrc/core/NPUFunctions.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>

#include "acl/acl.h"
#include "csrc/core/CannLibrary.h"
#include "csrc/core/Capture.h"
#include "csrc/core/Env.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/TaskQueue.h"
#include "csrc/core/ThreadState.h"
#include "csrc/core/allocator/Settings.h"

namespace c10_npu {

constinit thread_local ThreadState thread_state;

namespace {

std::once_flag init_once;
std::atomic<bool> initialized{false};
std::atomic<bool> bad_fork{false};
std::array<std::atomic<bool>, kMaxDevices> used_devices{};

// The child has a copy of the runtime's state but none of its threads. Only the forking thread
// lives on in it, so unbinding that thread sends every use of a device through lazy_init.
void in_forked_child() {
  bad_fork = true;
  TaskQueue::abandon_all();
  thread_state.bound = -1;
}

void initialize_runtime() {
  env::check_flags();
  allocator::settings::initialize();
  device_count_ensure_non_zero();
  announce_cann();
  // Another CANN client in this process may have been first: not an error.
  const auto init = [] {
    const aclError error = aclInit(nullptr);
    return error == ACL_ERROR_REPEAT_INITIALIZE ? ACL_SUCCESS : error;
  };
  NPU_CHECK(init());
  TORCH_CHECK(pthread_atfork(nullptr, nullptr, in_forked_child) == 0,
              "could not register the fork handler of the NPU runtime");
  initialized = true;
}

c10::DeviceIndex count_devices() noexcept {
  uint32_t count = 0;
  if (!cann_available() || aclrtGetDeviceCount(&count) != ACL_SUCCESS) return 0;
  return static_cast<c10::DeviceIndex>(std::min<uint32_t>(count, kMaxDevices));
}

}  // namespace

c10::DeviceIndex device_count() noexcept {
  static const c10::DeviceIndex count = count_devices();
  return count;
}

c10::DeviceIndex device_count_ensure_non_zero() {
  const c10::DeviceIndex count = device_count();
  if (C10_UNLIKELY(count == 0)) throw_no_device();
  return count;
}

void check_device_index(c10::DeviceIndex device) {
  const c10::DeviceIndex count = device_count_ensure_non_zero();
  TORCH_CHECK(device >= 0 && device < count, "npu device index ", static_cast<int>(device),
              " is out of range: this machine offers ", static_cast<int>(count),
              " device(s), npu:0 to npu:", count - 1);
}

void lazy_init() {
  TORCH_CHECK(!is_in_bad_fork(),
              "Cannot use an NPU in a forked child of a process that already uses one: CANN's "
              "threads do not survive a fork. Start the child with the 'spawn' start method "
              "(multiprocessing.set_start_method('spawn')), or fork before the first use of a "
              "device.");
  std::call_once(init_once, initialize_runtime);
}

bool is_initialized() noexcept { return initialized && !bad_fork; }

bool is_in_bad_fork() noexcept { return bad_fork.load(std::memory_order_relaxed); }

bool has_primary_context(c10::DeviceIndex device) noexcept {
  return device >= 0 && device < kMaxDevices && used_devices[device].load();
}

void bind_current_device() {
  const c10::DeviceIndex device = thread_state.current;
  lazy_init();
  check_device_index(device);
  NPU_CHECK(aclrtSetDevice(device));
  thread_state.bound = device;
  used_devices[device].store(true);
}

c10::DeviceIndex current_device() { return thread_state.current; }

void set_device(c10::DeviceIndex device) {
  ThreadState& state = thread_state;
  if (C10_LIKELY(state.bound == device)) {
    state.current = device;
    return;
  }
  check_device_index(device);
  const c10::DeviceIndex previous = std::exchange(state.current, device);
  try {
    bind_current_device();
  } catch (...) {
    state.current = previous;
    throw;
  }
}

c10::DeviceIndex exchange_device(c10::DeviceIndex device) {
  const c10::DeviceIndex previous = thread_state.current;
  if (device >= 0) set_device(device);
  return previous;
}

c10::DeviceIndex maybe_exchange_device(c10::DeviceIndex device) {
  if (device < 0 || has_primary_context(device)) return exchange_device(device);
  check_device_index(device);
  return std::exchange(thread_state.current, device);
}

void device_synchronize() {
  constexpr int32_t kMillisecondsPerSecond = 1000;
  constexpr int32_t kLongest = std::numeric_limits<int32_t>::max() / kMillisecondsPerSecond;
  static const std::optional<int32_t> timeout_s =
      env::integer("ACL_DEVICE_SYNC_TIMEOUT", /*lowest=*/1);
  ensure_bound();
  refuse_in_capture(thread_state.current, "torch.npu.synchronize()");
  flush_tasks(thread_state.current);
  if (timeout_s.has_value()) {
    const int32_t timeout_ms = std::min(*timeout_s, kLongest) * kMillisecondsPerSecond;
    NPU_CHECK(aclrtSynchronizeDeviceWithTimeout(timeout_ms));
  } else {
    NPU_CHECK(aclrtSynchronizeDevice());
  }
}

void stop_device(c10::DeviceIndex device) {
  check_device_index(device);
  ensure_bound();
  drain_tasks(device);
  constexpr uint32_t kLongest = 0;  // as long as CANN allows
  NPU_CHECK(aclrtDeviceTaskAbort(device, kLongest));
}

void restart_device(c10::DeviceIndex device) {
  check_device_index(device);
  ensure_bound();
  drain_tasks(device);
  forget_task_error(device);
}

void set_op_timeout(uint64_t milliseconds) {
  TORCH_CHECK_VALUE(milliseconds > 0, "the time-out of operators must be at least 1 ms");
  constexpr uint64_t kMicrosecondsPerMillisecond = 1000;
  ensure_bound();
  uint64_t actual = 0;  // CANN rounds up to what the device can measure
  NPU_CHECK(aclrtSetOpExecuteTimeOutV2(milliseconds * kMicrosecondsPerMillisecond, &actual));
}

}  // namespace c10_npu
