#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/event.h"

using namespace ascend_emulator;

namespace {

constexpr uint32_t kKnownFlags = ACL_EVENT_SYNC | ACL_EVENT_CAPTURE_STREAM_PROGRESS |
                                 ACL_EVENT_TIME_LINE | ACL_EVENT_DEVICE_USE_ONLY;

aclError create(const char* api, aclrtEvent* event, uint32_t flags) {
  if (event == nullptr || (flags & ~kKnownFlags) != 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: event=%p (not null), flag=0x%x (offered: 0x%x)",
                api, static_cast<void*>(event), flags, kKnownFlags);
  }
  if (current_context() == nullptr) return fail_no_device(api);
  *event = create_event(flags);
  if (*event == nullptr) {
    return fail(ACL_ERROR_RT_NO_EVENT_RESOURCE, "%s: all events are in use", api);
  }
  return ACL_SUCCESS;
}

aclError fail_null(const char* api, const char* parameter) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s is null", api, parameter);
}

bool complete(Event& event) {
  const auto recording = event.latest();
  return recording != nullptr && recording->complete();
}

// The time of the latest recording, which must be over and of an event that keeps times.
aclError time_of(const char* api, aclrtEvent handle, uint64_t* time_ns) {
  Event* event;
  if (const aclError error = find_event(api, handle, &event); error != ACL_SUCCESS) return error;
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
  if (const aclError error = find_event(api, handle, &event); error != ACL_SUCCESS) return error;
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
  return create("aclrtCreateEvent", event, ACL_EVENT_SYNC | ACL_EVENT_TIME_LINE);
}

aclError aclrtCreateEventWithFlag(aclrtEvent* event, uint32_t flag) {
  ACL_API_SCOPE(aclrtCreateEventWithFlag);
  return create("aclrtCreateEventWithFlag", event, flag);
}

aclError aclrtCreateEventExWithFlag(aclrtEvent* event, uint32_t flag) {
  ACL_API_SCOPE(aclrtCreateEventExWithFlag);
  return create("aclrtCreateEventExWithFlag", event, flag);
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
  return error == ACL_SUCCESS ? enqueue_wait(stream, *found) : error;
}

// Waits already called keep their recording, so forgetting it needs no task on the stream.
aclError aclrtResetEvent(aclrtEvent event, aclrtStream stream) {
  ACL_API_SCOPE(aclrtResetEvent);
  Event* found;
  if (const aclError error = find_event("aclrtResetEvent", event, &found); error != ACL_SUCCESS) {
    return error;
  }
  Stream* where;
  const aclError error = find_stream("aclrtResetEvent", stream, &where);
  if (error == ACL_SUCCESS) found->replace(nullptr);
  return error;
}

aclError aclrtQueryEvent(aclrtEvent event, aclrtEventStatus* status) {
  ACL_API_SCOPE(aclrtQueryEvent);
  Event* found;
  if (status == nullptr) return fail_null("aclrtQueryEvent", "status");
  const aclError error = find_event("aclrtQueryEvent", event, &found);
  if (error != ACL_SUCCESS) return error;
  *status = complete(*found) ? ACL_EVENT_STATUS_COMPLETE : ACL_EVENT_STATUS_NOT_READY;
  return ACL_SUCCESS;
}

aclError aclrtQueryEventStatus(aclrtEvent event, aclrtEventRecordedStatus* status) {
  ACL_API_SCOPE(aclrtQueryEventStatus);
  Event* found;
  if (status == nullptr) return fail_null("aclrtQueryEventStatus", "status");
  const aclError error = find_event("aclrtQueryEventStatus", event, &found);
  if (error != ACL_SUCCESS) return error;
  *status =
      complete(*found) ? ACL_EVENT_RECORDED_STATUS_COMPLETE : ACL_EVENT_RECORDED_STATUS_NOT_READY;
  return ACL_SUCCESS;
}

aclError aclrtSynchronizeEvent(aclrtEvent event) {
  ACL_API_SCOPE(aclrtSynchronizeEvent);
  return synchronize_event("aclrtSynchronizeEvent", event, -1);
}

aclError aclrtSynchronizeEventWithTimeout(aclrtEvent event, int32_t timeout) {
  ACL_API_SCOPE(aclrtSynchronizeEventWithTimeout);
  constexpr const char* api = "aclrtSynchronizeEventWithTimeout";
  if (timeout >= -1) return synchronize_event(api, event, timeout);
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: timeout is %d ms; -1 waits for ever", api, timeout);
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
