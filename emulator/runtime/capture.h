#pragma once

#include <memory>
#include <optional>

#include "acl/acl_mdl_ri.h"
#include "emulator/runtime/graph.h"
#include "emulator/runtime/stream_state.h"

namespace ascend_emulator {

class Event;

// Where a stream's tasks go instead of its queue: into a graph that is being captured, or into a
// task group that is being updated.
class Diversion {
 public:
  virtual ~Diversion() = default;
  virtual aclError take(Stream& stream, std::unique_ptr<Task> task) = 0;
};

// Empty, and the task still the caller's: the stream is no longer diverted.
std::optional<aclError> divert(Stream& stream, std::unique_ptr<Task>& task);

// Captures. A call that a capture does not allow on one of its streams or events breaks it: all
// that follows fails with 507903, until its end.
aclError begin_capture(Stream& stream, aclmdlRICaptureMode mode);
aclError end_capture(Stream& stream, Graph** graph);
aclmdlRICaptureStatus capture_info(Stream& stream, Graph** graph);
void drop_captures_of(const Context& context);
void drop_diversion(Stream& stream);  // before the stream goes

// Records and waits that belong to a capture. Empty: they do not.
std::optional<aclError> capture_record(Stream& stream, Event& event);
std::optional<aclError> capture_wait(Stream& stream, Event& event);

// An error if the stream, a stream of the device, or the event is being captured.
aclError refuse_captured(const char* api, Stream& stream);
aclError refuse_captured(const char* api, Event& event);

// For calls that do not break a capture but are likely mistakes while there is one: an error unless
// the modes of the captures and of the thread allow it.
aclError check_capture_mode(const char* api, aclError code = ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT);
aclmdlRICaptureMode exchange_capture_mode(aclmdlRICaptureMode mode);  // of the thread

aclError begin_group(Stream& stream);
aclError end_group(Stream& stream, TaskGroup** group);
aclError begin_update(Stream& stream, TaskGroup& group);
aclError end_update(Stream& stream);

}  // namespace ascend_emulator
