#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "emulator/runtime/progress.h"
#include "emulator/runtime/shared_event.h"
#include "emulator/runtime/stream_state.h"

namespace ascend_emulator {

// One recording of an event. A recording outlives the event and later recordings of it, so that
// whoever waits keeps waiting for what was recorded when the wait was called.
struct Recording {
  Progress done;  // 1 once the stream has come there
  uint64_t time_ns = 0;
  const Failure* failure = nullptr;  // of the stream, at that point

  bool complete() const { return done.reached(1); }
  bool succeeded() const { return complete() && failure == nullptr; }
  bool wait(const Deadline& deadline) { return done.wait(1, deadline); }
};

// The latest recording. Outlives the event while tasks of graphs need it.
class Latest {
 public:
  std::shared_ptr<Recording> get() {
    std::lock_guard lock(mutex_);
    return recording_;
  }
  void set(std::shared_ptr<Recording> recording) {
    std::lock_guard lock(mutex_);
    recording_ = std::move(recording);
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<Recording> recording_;  // null: never recorded, or reset
};

class Event {
 public:
  Event(uint32_t flags, bool extended) : flags(flags), extended_(extended) {}

  std::shared_ptr<Recording> latest() { return latest_->get(); }
  void replace(std::shared_ptr<Recording> recording) { latest_->set(std::move(recording)); }
  const std::shared_ptr<Latest>& slot() const { return latest_; }

  // Records, waits and resets of such an event are tasks that act when the stream comes there, also
  // in a graph, where they connect it with work outside.
  bool external() const { return (flags & ACL_EVENT_EXTERNAL) != 0; }
  bool interprocess() const { return (flags & ACL_EVENT_IPC) != 0; }
  bool capturable() const { return extended_ && !interprocess(); }

  std::atomic<bool> live{false};
  const uint32_t flags;
  std::shared_ptr<SharedEvent> shared;  // of an interprocess event

  // Where it was recorded last in a capture; under the lock of captures.
  struct CapturedAt {
    uint32_t graph = 0;
    uint32_t branch = 0;
    size_t position = 0;
  };
  CapturedAt captured;

 private:
  const bool extended_;
  const std::shared_ptr<Latest> latest_ = std::make_shared<Latest>();
};

// `extended`: by aclrtCreateEventExWithFlag. Null: too many.
Event* create_event(uint32_t flags, bool extended);
void destroy_event(Event* event);
aclError find_event(const char* api, aclrtEvent handle, Event** event);

// Milliseconds (CANN: 0 waits for ever) that a stream may wait for an event.
void set_event_wait_limit(int64_t milliseconds);
int64_t event_wait_limit();  // -1: for ever

aclError enqueue_record(aclrtStream stream, Event& event);
aclError enqueue_wait(aclrtStream stream, Event& event, int64_t limit_ms);
aclError enqueue_reset(aclrtStream stream, Event& event);

}  // namespace ascend_emulator
