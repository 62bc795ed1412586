#include "csrc/core/NPUEvent.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/ThreadState.h"

namespace c10_npu {
namespace event {

Event* create(c10::DeviceIndex device, Kind kind) {
  const NPUGuard guard(device);
  aclrtEvent handle = nullptr;
  switch (kind) {
    case Kind::kOrder:
      NPU_CHECK(aclrtCreateEventExWithFlag(&handle, ACL_EVENT_SYNC));
      break;
    case Kind::kTiming:
      NPU_CHECK(aclrtCreateEventExWithFlag(&handle, ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE));
      break;
    case Kind::kExternal:
      NPU_CHECK(aclrtCreateEventWithFlag(&handle, ACL_EVENT_EXTERNAL));
      break;
    case Kind::kInterprocess:
      NPU_CHECK(aclrtCreateEventExWithFlag(&handle, ACL_EVENT_IPC));
      break;
  }
  return new Event{handle, device};
}

void destroy(Event* event) noexcept {
  const std::unique_ptr<Event> owner(event);
  // A forked child holds copies of its parent's events, which are not its own to destroy.
  if (event == nullptr || is_in_bad_fork()) return;
  try {
    const NPUGuard guard(event->device);
    // Waits and records of it may still be queued.
    submit(event->device, [handle = event->handle] { NPU_CHECK_WARN(aclrtDestroyEvent(handle)); });
  } catch (const c10::Error& error) {
    TORCH_WARN("an npu event was not destroyed: ", error.what_without_backtrace());
  }
}

void record(Event& event, const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  event.recorded = submit(stream, [handle = event.handle, stream = stream.handle()] {
    NPU_CHECK(aclrtRecordEvent(handle, stream));
  });
}

void block(const Event& event, const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  // Each device has its own queue: CANN must know of the record before it is told to wait, and of
  // the wait before the event is destroyed.
  const bool is_own_device = event.device == stream.device_index();
  if (!is_own_device) wait_for_task(event.device, event.recorded);
  const auto position = submit(stream, [handle = event.handle, stream = stream.handle()] {
    NPU_CHECK(aclrtStreamWaitEvent(stream, handle));
  });
  if (!is_own_device) wait_for_task(stream.device_index(), position);
  check_joined(stream);
}

bool query(const Event& event) {
  if (!task_passed(event.device, event.recorded)) return false;
  ensure_bound();
  aclrtEventRecordedStatus status = ACL_EVENT_RECORDED_STATUS_NOT_READY;
  NPU_CHECK(aclrtQueryEventStatus(event.handle, &status));
  return status == ACL_EVENT_RECORDED_STATUS_COMPLETE;
}

bool passed(const Event& event) {
  if (!task_passed(event.device, event.recorded)) return false;
  ensure_bound();
  aclrtEventRecordedStatus status = ACL_EVENT_RECORDED_STATUS_NOT_READY;
  aclrtQueryEventStatus(event.handle, &status);  // with an error, too, CANN says where it is
  return status == ACL_EVENT_RECORDED_STATUS_COMPLETE;
}

void synchronize(const Event& event) {
  ensure_bound();
  NPU_CHECK(aclrtSynchronizeEvent(handle(event)));
  throw_task_error(event.device);
}

float elapsed_time(const Event& start, const Event& end) {
  TORCH_CHECK(start.device == end.device, "elapsed_time needs two events of one device, got npu:",
              static_cast<int>(start.device), " and npu:", static_cast<int>(end.device));
  float milliseconds = 0;
  NPU_CHECK(aclrtEventElapsedTime(&milliseconds, handle(start), handle(end)));
  return milliseconds;
}

uint64_t recorded_time(const Event& event) {
  uint64_t microseconds = 0;
  NPU_CHECK(aclrtEventGetTimestamp(handle(event), &microseconds));
  return microseconds;
}

aclrtEvent handle(const Event& event) {
  wait_for_task(event.device, event.recorded);
  return event.handle;
}

std::string ipc_handle(const Event& event) {
  aclrtIpcEventHandle ipc{};
  NPU_CHECK(aclrtIpcGetEventHandle(handle(event), &ipc));
  return {ipc.reserved, sizeof(ipc.reserved)};
}

Event* open(c10::DeviceIndex device, const std::string& ipc_handle) {
  aclrtIpcEventHandle ipc{};
  TORCH_CHECK_VALUE(ipc_handle.size() == sizeof(ipc.reserved), "the handle of an npu event has ",
                    sizeof(ipc.reserved), " bytes, got ", ipc_handle.size());
  std::ranges::copy(ipc_handle, ipc.reserved);
  const NPUGuard guard(device);
  aclrtEvent opened = nullptr;
  NPU_CHECK(aclrtIpcOpenEventHandle(ipc, &opened));
  return new Event{opened, device};
}

}  // namespace event

NPUEvent::~NPUEvent() { event::destroy(event_); }

NPUEvent::NPUEvent(NPUEvent&& other) noexcept
    : event_(std::exchange(other.event_, nullptr)), device_(other.device_), kind_(other.kind_) {}

NPUEvent& NPUEvent::operator=(NPUEvent&& other) noexcept {
  std::swap(event_, other.event_);
  std::swap(device_, other.device_);
  std::swap(kind_, other.kind_);
  return *this;
}

void NPUEvent::record(const NPUStream& stream) {
  if (event_ == nullptr) {
    device_ = stream.device_index();
    event_ = event::create(device_, kind_);
  }
  TORCH_CHECK(device_ == stream.device_index(), "an event of npu:", static_cast<int>(device_),
              " cannot be recorded on a stream of ", stream.device());
  event::record(*event_, stream);
}

void NPUEvent::block(const NPUStream& stream) const {
  if (event_ != nullptr) event::block(*event_, stream);
}

bool NPUEvent::query() const { return event_ == nullptr || event::query(*event_); }

bool NPUEvent::passed() const { return event_ == nullptr || event::passed(*event_); }

void NPUEvent::synchronize() const {
  if (event_ != nullptr) event::synchronize(*event_);
}

float NPUEvent::elapsed_time(const NPUEvent& end) const {
  TORCH_CHECK(kind_ == event::Kind::kTiming && end.kind_ == event::Kind::kTiming,
              "elapsed_time needs two events that were created with enable_timing=True");
  TORCH_CHECK(is_created() && end.is_created(), "elapsed_time needs two events that were recorded");
  const NPUGuard guard(device_);
  return event::elapsed_time(*event_, *end.event_);
}

}  // namespace c10_npu
