#include "csrc/core/NPUStream.h"

#include <array>
#include <atomic>
#include <mutex>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/Env.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/SyncDebug.h"
#include "csrc/core/TaskQueue.h"
#include "csrc/core/ThreadState.h"

namespace c10_npu {
namespace {

// A StreamId is a slot of the device's table: 0 the default stream, then the pools. Any larger id
// is the handle of an external stream, which as a pointer is never that small.
enum Pool : int { kHighPriority = 1, kSyncLaunch = 2, kPools = 4 };  // the first two are bits
constexpr int kPoolSize = 32;
constexpr c10::StreamId kSlots = 1 + kPools * kPoolSize;

constexpr uint32_t kCannHighPriority = 0;  // CANN's scale: 0 is the highest of 0..7
constexpr uint32_t kCannNormalPriority = 1;

struct DeviceStreams {
  std::array<std::atomic<aclrtStream>, kSlots> handles{};  // created at first use, never destroyed
  std::array<std::atomic<uint32_t>, kPools> next{};
  std::mutex mutex;
};
std::array<DeviceStreams, kMaxDevices> device_streams;

// The bits of the pool that a stream is from, 0 for the default stream and external ones.
int pool_of(c10::StreamId id) {
  return id > 0 && id < kSlots ? static_cast<int>(id - 1) / kPoolSize : 0;
}

aclrtStream create_stream(c10::DeviceIndex device, c10::StreamId id) {
  DeviceStreams& streams = device_streams[device];
  const NPUGuard guard(device);
  const std::lock_guard lock(streams.mutex);
  aclrtStream handle = streams.handles[id].load();
  if (handle != nullptr) return handle;
  NPU_CHECK(aclrtCreateStreamWithConfig(
      &handle, (pool_of(id) & kHighPriority) != 0 ? kCannHighPriority : kCannNormalPriority,
      ACL_STREAM_FAST_LAUNCH | ACL_STREAM_FAST_SYNC));
  streams.handles[id].store(handle);
  return handle;
}

NPUStream make_stream(c10::DeviceIndex device, c10::StreamId id) {
  return NPUStream(NPUStream::UNCHECKED,
                   c10::Stream(c10::Stream::UNSAFE, c10::Device(kNPU, device), id));
}

c10::DeviceIndex resolve_device(c10::DeviceIndex device) {
  if (device == -1) return thread_state.current;
  check_device_index(device);
  return device;
}

NPUStream next_stream(int pool, c10::DeviceIndex device) {
  device = resolve_device(device);
  const uint32_t turn = device_streams[device].next[pool]++ % kPoolSize;
  return make_stream(device, 1 + pool * kPoolSize + turn);
}

}  // namespace

aclrtStream NPUStream::stream() const {
  flush_tasks(device_index());
  return handle();
}

aclrtStream NPUStream::handle() const {
  const c10::StreamId stream_id = id();
  if (C10_UNLIKELY(stream_id >= kSlots)) {
    return reinterpret_cast<aclrtStream>(static_cast<intptr_t>(stream_id));
  }
  const aclrtStream handle =
      device_streams[device_index()].handles[stream_id].load(std::memory_order_acquire);
  return C10_LIKELY(handle != nullptr) ? handle : create_stream(device_index(), stream_id);
}

int NPUStream::priority() const { return (pool_of(id()) & kHighPriority) != 0 ? -1 : 0; }

bool NPUStream::isSyncLaunchStream() const noexcept { return (pool_of(id()) & kSyncLaunch) != 0; }

bool NPUStream::query() const {
  refuse_in_capture(*this, "Stream.query()");
  if (!tasks_passed(device_index())) return false;
  const NPUGuard guard(device_index());
  aclrtStreamStatus status = ACL_STREAM_STATUS_NOT_READY;
  NPU_CHECK(aclrtStreamQuery(stream(), &status));
  return status == ACL_STREAM_STATUS_COMPLETE;
}

void NPUStream::synchronize() const {
  refuse_in_capture(*this, "Stream.synchronize()");
  static const std::optional<int32_t> timeout_ms = env::integer("ACL_STREAM_TIMEOUT", /*lowest=*/1);
  const NPUGuard guard(device_index());
  if (timeout_ms.has_value()) {
    NPU_CHECK(aclrtSynchronizeStreamWithTimeout(stream(), *timeout_ms));
  } else {
    NPU_CHECK(aclrtSynchronizeStream(stream()));
  }
  after_synchronization();
}

NPUStream getCurrentNPUStream(c10::DeviceIndex device) {
  const ThreadState& state = thread_state;
  if (C10_LIKELY(device == -1 || device == state.current)) {
    ensure_bound();
    device = state.current;
  } else {
    check_device_index(device);
  }
  return make_stream(device, state.streams[device]);
}

NPUStream getDefaultNPUStream(c10::DeviceIndex device) {
  return make_stream(resolve_device(device), 0);
}

NPUStream getNPUStreamFromPool(bool high_priority, c10::DeviceIndex device) {
  return next_stream(high_priority ? kHighPriority : 0, device);
}

NPUStream getSyncLaunchStreamFromPool(bool high_priority, c10::DeviceIndex device) {
  return next_stream(kSyncLaunch | (high_priority ? kHighPriority : 0), device);
}

NPUStream getStreamFromExternal(aclrtStream stream, c10::DeviceIndex device) {
  TORCH_CHECK_VALUE(reinterpret_cast<intptr_t>(stream) >= kSlots, "an external npu stream must be ",
                    "an aclrtStream of CANN, got ", stream);
  return make_stream(resolve_device(device), reinterpret_cast<intptr_t>(stream));
}

void setCurrentNPUStream(NPUStream stream) {
  check_device_index(stream.device_index());
  thread_state.streams[stream.device_index()] = stream.id();
}

}  // namespace c10_npu
