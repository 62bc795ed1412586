#include "csrc/core/NPUEvent.h"

#include <utility>

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/ThreadState.h"

namespace c10_npu {
namespace event {

aclrtEvent create(c10::DeviceIndex device, bool timing) {
  const NPUGuard guard(device);
  aclrtEvent event = nullptr;
  const uint32_t flags = ACL_EVENT_SYNC | (timing ? ACL_EVENT_TIME_LINE : 0);
  NPU_CHECK(aclrtCreateEventExWithFlag(&event, flags));
  return event;
}

void destroy(aclrtEvent event, c10::DeviceIndex device) noexcept {
  // A forked child holds copies of its parent's events, which are not its own to destroy.
  if (event == nullptr || is_in_bad_fork()) return;
  try {
    const NPUGuard guard(device);
    NPU_CHECK_WARN(aclrtDestroyEvent(event));
  } catch (const c10::Error& error) {
    TORCH_WARN("an npu event was not destroyed: ", error.what_without_backtrace());
  }
}

void record(aclrtEvent event, const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  NPU_CHECK(aclrtRecordEvent(event, stream.stream()));
}

void block(aclrtEvent event, const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  NPU_CHECK(aclrtStreamWaitEvent(stream.stream(), event));
}

bool query(aclrtEvent event) {
  ensure_bound();
  aclrtEventRecordedStatus status = ACL_EVENT_RECORDED_STATUS_NOT_READY;
  NPU_CHECK(aclrtQueryEventStatus(event, &status));
  return status == ACL_EVENT_RECORDED_STATUS_COMPLETE;
}

void synchronize(aclrtEvent event) {
  ensure_bound();
  NPU_CHECK(aclrtSynchronizeEvent(event));
}

float elapsed_time(aclrtEvent start, aclrtEvent end) {
  float milliseconds = 0;
  NPU_CHECK(aclrtEventElapsedTime(&milliseconds, start, end));
  return milliseconds;
}

uint64_t recorded_time(aclrtEvent event) {
  uint64_t microseconds = 0;
  NPU_CHECK(aclrtEventGetTimestamp(event, &microseconds));
  return microseconds;
}

}  // namespace event

NPUEvent::~NPUEvent() { event::destroy(event_, device_); }

NPUEvent::NPUEvent(NPUEvent&& other) noexcept
    : event_(std::exchange(other.event_, nullptr)),
      device_(other.device_),
      timing_(other.timing_) {}

NPUEvent& NPUEvent::operator=(NPUEvent&& other) noexcept {
  std::swap(event_, other.event_);
  std::swap(device_, other.device_);
  std::swap(timing_, other.timing_);
  return *this;
}

void NPUEvent::record(const NPUStream& stream) {
  if (event_ == nullptr) {
    device_ = stream.device_index();
    event_ = event::create(device_, timing_);
  }
  TORCH_CHECK(device_ == stream.device_index(), "an event of npu:", static_cast<int>(device_),
              " cannot be recorded on a stream of ", stream.device());
  event::record(event_, stream);
}

void NPUEvent::block(const NPUStream& stream) const {
  if (event_ != nullptr) event::block(event_, stream);
}

bool NPUEvent::query() const { return event_ == nullptr || event::query(event_); }

void NPUEvent::synchronize() const {
  if (event_ != nullptr) event::synchronize(event_);
}

float NPUEvent::elapsed_time(const NPUEvent& end) const {
  TORCH_CHECK(timing_ && end.timing_,
              "elapsed_time needs two events that were created with enable_timing=True");
  TORCH_CHECK(is_created() && end.is_created(), "elapsed_time needs two events that were recorded");
  const NPUGuard guard(device_);
  return event::elapsed_time(event_, end.event_);
}

}  // namespace c10_npu
