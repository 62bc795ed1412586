#include <cstring>
#include <string>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/event.h"
#include "emulator/runtime/timeout.h"

using namespace ascend_emulator;

namespace {

constexpr uint32_t kCommonFlags = ACL_EVENT_SYNC | ACL_EVENT_CAPTURE_STREAM_PROGRESS |
                                  ACL_EVENT_TIME_LINE | ACL_EVENT_DEVICE_USE_ONLY;

aclError create_with(const char* api, aclrtEvent* event, uint32_t flags, bool extended,
                     std::shared_ptr<SharedEvent> shared) {
  Event* created = create_event(flags, extended);
  if (created == nullptr) {
    return fail(ACL_ERROR_RT_NO_EVENT_RESOURCE, "%s: all events are in use", api);
  }
  created->shared = std::move(shared);
  *event = created;
  return ACL_SUCCESS;
}

// `alone`: a flag that goes with no other.
aclError create(const char* api, aclrtEvent* event, uint32_t flags, uint32_t alone) {
  if (event == nullptr || ((flags & ~kCommonFlags) != 0 && flags != alone)) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: event=%p (not null), flag=0x%x (offered: those in 0x%x, or 0x%x alone)", api,
                static_cast<void*>(event), flags, kCommonFlags, alone);
  }
  if (current_context() == nullptr) return fail_no_device(api);
  auto shared = flags == ACL_EVENT_IPC ? SharedEvent::create() : nullptr;
  if (flags == ACL_EVENT_IPC && shared == nullptr) return ACL_ERROR_RT_RESOURCE_ALLOC_FAIL;
  return create_with(api, event, flags, alone == ACL_EVENT_IPC, std::move(shared));
}

aclError fail_null(const char* api, const char* parameter) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s is null", api, parameter);
}

bool complete(Event& event) {
  if (event.interprocess()) return event.shared->reached(event.shared->latest());
  const auto recording = event.latest();
  return recording != nullptr && recording->complete();
}

// The error of the stream at the point that the event marks, once it has come there.
aclError failure_of(Event& event) {
  const auto recording = event.interprocess() ? nullptr : event.latest();
  return recording != nullptr && recording->complete() ? report(recording->failure) : ACL_SUCCESS;
}

// An event whose state may be asked for now.
aclError find_idle(const char* api, aclrtEvent handle, Event** event) {
  const aclError error = find_event(api, handle, event);
  return error == ACL_SUCCESS ? refuse_captured(api, **event) : error;
}

// The same, of this process only.
aclError find_own(const char* api, aclrtEvent handle, Event** event) {
  const aclError error = find_idle(api, handle, event);
  if (error != ACL_SUCCESS || !(*event)->interprocess()) return error;
  return fail(ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "%s: not for events with ACL_EVENT_IPC", api);
}

aclError synchronize_shared(const char* api, SharedEvent& event, int32_t timeout) {
  switch (event.wait(event.latest(), Deadline::after(timeout))) {
    case SharedEvent::Result::kReached:
      return ACL_SUCCESS;
    case SharedEvent::Result::kTimeout:
      return fail(ACL_ERROR_RT_EVENT_SYNC_TIMEOUT, "%s: the event was not recorded within %d ms",
                  api, timeout);
    default:
      return fail(ACL_ERROR_RT_IPC_ERROR, "%s: the process that was to record the event has ended",
                  api);
  }
}

// The time of the latest recording, which must be over and of an event that keeps times.
aclError time_of(const char* api, aclrtEvent handle, uint64_t* time_ns) {
  Event* event;
  if (const aclError error = find_own(api, handle, &event); error != ACL_SUCCESS) return error;
  if ((event->flags & ACL_EVENT_TIME_LINE) == 0) {
    return fail(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID,
                "%s: the event keeps no time: create it with ACL_EVENT_TIME_LINE", api);
  }
  const auto recording = event->latest();
  if (recording == nullptr) {
    return fail(ACL_ERROR_RT_EVENT_TIMESTAMP_INVALID, "%s: the event was never recorded", api);
  }
  if (!recording->complete()) {
    return fail(ACL_ERROR_RT_EVENT_NOT_COMPLETE,
                "%s: the stream has not reached the event yet: synchronize with it first", api);
  }
  *time_ns = recording->time_ns;
  return ACL_SUCCESS;
}

aclError synchronize_event(const char* api, aclrtEvent handle, int32_t timeout) {
  Event* event;
  if (const aclError error = find_idle(api, handle, &event); error != ACL_SUCCESS) return error;
  if (event->interprocess()) return synchronize_shared(api, *event->shared, timeout);
  const auto recording = event->latest();
  if (recording == nullptr) return ACL_SUCCESS;
  if (!recording->wait(Deadline::after(timeout))) {
    return fail(ACL_ERROR_RT_EVENT_SYNC_TIMEOUT,
                "%s: the stream has not reached the event after %d ms", api, timeout);
  }
  return report(recording->failure);
}

}  // namespace

aclError aclrtCreateEvent(aclrtEvent* event) {
  ACL_API_SCOPE(aclrtCreateEvent);
  return create("aclrtCreateEvent", event, ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE, 0);
}

aclError aclrtCreateEventWithFlag(aclrtEvent* event, uint32_t flag) {
  ACL_API_SCOPE(aclrtCreateEventWithFlag);
  return create("aclrtCreateEventWithFlag", event, flag, ACL_EVENT_EXTERNAL);
}

aclError aclrtCreateEventExWithFlag(aclrtEvent* event, uint32_t flag) {
  ACL_API_SCOPE(aclrtCreateEventExWithFlag);
  return create("aclrtCreateEventExWithFlag", event, flag, ACL_EVENT_IPC);
}

aclError aclrtDestroyEvent(aclrtEvent event) {
  ACL_API_SCOPE(aclrtDestroyEvent);
  Event* found;
  const aclError error = find_event("aclrtDestroyEvent", event, &found);
  if (error == ACL_SUCCESS) destroy_event(found);
  return error;
}

aclError aclrtRecordEvent(aclrtEvent event, aclrtStream stream) {
  ACL_API_SCOPE(aclrtRecordEvent);
  Event* found;
  const aclError error = find_event("aclrtRecordEvent", event, &found);
  return error == ACL_SUCCESS ? enqueue_record(stream, *found) : error;
}

aclError aclrtStreamWaitEvent(aclrtStream stream, aclrtEvent event) {
  ACL_API_SCOPE(aclrtStreamWaitEvent);
  Event* found;
  const aclError error = find_event("aclrtStreamWaitEvent", event, &found);
  return error == ACL_SUCCESS ? enqueue_wait(stream, *found, event_wait_limit()) : error;
}

// CANN: -1 waits for ever, 0 as long as any wait.
aclError aclrtStreamWaitEventWithTimeout(aclrtStream stream, aclrtEvent event, int32_t timeout) {
  ACL_API_SCOPE(aclrtStreamWaitEventWithTimeout);
  constexpr const char* api = "aclrtStreamWaitEventWithTimeout";
  Event* found;
  if (const aclError error = check_timeout(api, timeout); error != ACL_SUCCESS) return error;
  const aclError error = find_event(api, event, &found);
  if (error != ACL_SUCCESS) return error;
  return enqueue_wait(stream, *found, timeout == 0 ? event_wait_limit() : timeout);
}

aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream) {
  ACL_API_SCOPE(aclrtResetEvent);
  Event* found;
  const aclError error = find_own("aclrtResetEvent", event, &found);
  return error == ACL_SUCCESS ? enqueue_reset(stream, *found) : error;
}

aclError aclrtQueryEvent(aclrtEvent event, aclrtEventStatus* status) {
  ACL_API_SCOPE(aclrtQueryEvent);
  Event* found;
  if (status == nullptr) return fail_null("aclrtQueryEvent", "status");
  const aclError error = find_own("aclrtQueryEvent", event, &found);
  if (error != ACL_SUCCESS) return error;
  *status = complete(*found) ? ACL_EVENT_STATUS_COMPLETE : ACL_EVENT_STATUS_NOT_READY;
  return ACL_SUCCESS;
}

aclError aclrtQueryEventStatus(aclrtEvent event, aclrtEventRecordedStatus* status) {
  ACL_API_SCOPE(aclrtQueryEventStatus);
  Event* found;
  if (status == nullptr) return fail_null("aclrtQueryEventStatus", "status");
  const aclError error = find_idle("aclrtQueryEventStatus", event, &found);
  if (error != ACL_SUCCESS) return error;
  *status =
      complete(*found) ? ACL_EVENT_RECORDED_STATUS_COMPLETE : ACL_EVENT_RECORDED_STATUS_NOT_READY;
  return failure_of(*found);
}

// Whether a wait for the event would end at once.
aclError aclrtQueryEventWaitStatus(aclrtEvent event, aclrtEventWaitStatus* status) {
  ACL_API_SCOPE(aclrtQueryEventWaitStatus);
  Event* found;
  if (status == nullptr) return fail_null("aclrtQueryEventWaitStatus", "status");
  const aclError error = find_own("aclrtQueryEventWaitStatus", event, &found);
  if (error != ACL_SUCCESS) return error;
  const bool never = found->latest() == nullptr && !found->external();
  *status =
      never || complete(*found) ? ACL_EVENT_WAIT_STATUS_COMPLETE : ACL_EVENT_WAIT_STATUS_NOT_READY;
  return ACL_SUCCESS;
}

aclError aclrtSynchronizeEvent(aclrtEvent event) {
  ACL_API_SCOPE(aclrtSynchronizeEvent);
  return synchronize_event("aclrtSynchronizeEvent", event, -1);
}

aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t timeout) {
  ACL_API_SCOPE(aclrtSynchronizeEventWithTimeout);
  constexpr const char* api = "aclrtSynchronizeEventWithTimeout";
  if (const aclError error = check_timeout(api, timeout); error != ACL_SUCCESS) return error;
  return synchronize_event(api, event, timeout);
}

aclError aclrtEventElapsedTime(float* ms, aclrtEvent startEvent, aclrtEvent endEvent) {
  ACL_API_SCOPE(aclrtEventElapsedTime);
  constexpr const char* api = "aclrtEventElapsedTime";
  if (ms == nullptr) return fail_null(api, "ms");
  uint64_t start = 0;
  uint64_t end = 0;
  if (const aclError error = time_of(api, startEvent, &start); error != ACL_SUCCESS) return error;
  if (const aclError error = time_of(api, endEvent, &end); error != ACL_SUCCESS) return error;
  if (end < start) {
    return fail(ACL_ERROR_RT_EVENT_TIMESTAMP_REVERSAL,
                "%s: the end event was recorded before the start event", api);
  }
  *ms = static_cast<float>(static_cast<double>(end - start) / 1e6);
  return ACL_SUCCESS;
}

// Microseconds, as CANN gives them.
aclError aclrtEventGetTimestamp(aclrtEvent event, uint64_t* timestamp) {
  ACL_API_SCOPE(aclrtEventGetTimestamp);
  if (timestamp == nullptr) return fail_null("aclrtEventGetTimestamp", "timestamp");
  uint64_t time_ns = 0;
  const aclError error = time_of("aclrtEventGetTimestamp", event, &time_ns);
  if (error == ACL_SUCCESS) *timestamp = time_ns / 1000;
  return error;
}

aclError aclrtSetOpWaitTimeout(uint32_t timeout) {
  ACL_API_SCOPE(aclrtSetOpWaitTimeout);
  set_event_wait_limit(int64_t{timeout} * 1000);
  return ACL_SUCCESS;
}

aclError aclrtIpcGetEventHandle(aclrtEvent event, aclrtIpcEventHandle* handle) {
  ACL_API_SCOPE(aclrtIpcGetEventHandle);
  constexpr const char* api = "aclrtIpcGetEventHandle";
  Event* found;
  if (handle == nullptr) return fail_null(api, "handle");
  if (const aclError error = find_event(api, event, &found); error != ACL_SUCCESS) return error;
  if (!found->interprocess()) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: create the event with aclrtCreateEventExWithFlag and ACL_EVENT_IPC", api);
  }
  const std::string name = found->shared->name();
  if (name.empty() || name.size() >= sizeof(handle->reserved)) return ACL_ERROR_RT_IPC_ERROR;
  std::memset(handle->reserved, 0, sizeof(handle->reserved));
  std::memcpy(handle->reserved, name.data(), name.size());
  return ACL_SUCCESS;
}

aclError aclrtIpcOpenEventHandle(aclrtIpcEventHandle handle, aclrtEvent* event) {
  ACL_API_SCOPE(aclrtIpcOpenEventHandle);
  constexpr const char* api = "aclrtIpcOpenEventHandle";
  if (event == nullptr) return fail_null(api, "event");
  if (current_context() == nullptr) return fail_no_device(api);
  auto shared = SharedEvent::open({handle.reserved, strnlen(handle.reserved, 64)});
  if (shared == nullptr) return ACL_ERROR_RT_IPC_ERROR;
  return create_with(api, event, ACL_EVENT_IPC, true, std::move(shared));
}
