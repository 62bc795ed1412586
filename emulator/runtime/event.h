#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "emulator/runtime/progress.h"
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

class Event {
 public:
  explicit Event(uint32_t flags) : flags(flags) {}

  std::shared_ptr<Recording> latest() {
    std::lock_guard lock(mutex_);
    return latest_;
  }
  void replace(std::shared_ptr<Recording> recording) {
    std::lock_guard lock(mutex_);
    latest_ = std::move(recording);
  }

  std::atomic<bool> live{false};
  const uint32_t flags;

 private:
  std::mutex mutex_;
  std::shared_ptr<Recording> latest_;  // null: never recorded, or reset
};

Event* create_event(uint32_t flags);  // null: too many
void destroy_event(Event* event);
aclError find_event(const char* api, aclrtEvent handle, Event** event);

// Milliseconds (CANN: 0 waits for ever) that a stream may wait for an event.
void set_event_wait_limit(int64_t milliseconds);

aclError enqueue_record(aclrtStream stream, Event& event);
aclError enqueue_wait(aclrtStream stream, Event& event);

}  // namespace ascend_emulator
