#include "emulator/runtime/event.h"

#include <algorithm>

#include "emulator/profiling/recorder.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/handle_table.h"
#include "emulator/runtime/process.h"
#include "emulator/runtime/stream.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxEvents = 65536;
constexpr int64_t kSliceMs = 50;  // how often a waiting stream looks whether it is aborted

auto& events() {
  static auto& table = *new HandleTable<Event, kMaxEvents>;
  return table;
}

std::atomic<int64_t> wait_limit_ms{-1};

const Failure kAborted{ACL_ERROR_RT_STREAM_ABORT,
                       "the stream's tasks were dropped (aclrtStreamAbort, aclrtDeviceTaskAbort)"};

class EventTask : public Task {
 protected:
  explicit EventTask(const char* name) {
    info.name = info.type = info.engine = name;
    info.kind = TaskKind::kEvent;
  }
};

class RecordTask : public EventTask {
 public:
  RecordTask(std::shared_ptr<Recording> recording, const Stream& stream)
      : EventTask("EVENT_RECORD"), recording_(std::move(recording)), stream_(stream) {}

  // Also when the task was dropped: nobody may wait for ever.
  ~RecordTask() override {
    const bool aborted = recording_->time_ns == 0 && stream_.aborting();
    recording_->failure = aborted ? &kAborted : stream_.failure();
    recording_->done.advance_to(1);
  }

  aclError run() override {
    recording_->time_ns = profiling::now_ns();
    return ACL_SUCCESS;
  }

 private:
  std::shared_ptr<Recording> recording_;
  const Stream& stream_;
};

// Waits in slices until `wait_once(slice)` is true. An error if that takes too long.
template <typename WaitOnce>
aclError wait_for(int64_t limit_ms, WaitOnce wait_once) {
  const BlockingRegion waiting;
  const Deadline limit = Deadline::after(limit_ms);
  const int64_t slice = limit_ms < 0 ? kSliceMs : std::min(kSliceMs, limit_ms);
  while (!wait_once(Deadline::after(slice))) {
    if (abort_requested()) return report(&kAborted);
    if (limit.passed()) {
      return fail(ACL_ERROR_RT_WAIT_TIMEOUT,
                  "the event was not recorded within %lld ms (aclrtSetOpWaitTimeout)",
                  static_cast<long long>(limit_ms));
    }
  }
  return ACL_SUCCESS;
}

class WaitTask : public EventTask {
 public:
  WaitTask(std::shared_ptr<Recording> recording, int64_t limit_ms)
      : EventTask("EVENT_WAIT"), recording_(std::move(recording)), limit_ms_(limit_ms) {}

  // Work that was to follow failed work cannot be right: the failure spreads.
  aclError run() override {
    if (!recording_->complete()) {
      const aclError error =
          wait_for(limit_ms_, [this](const Deadline& slice) { return recording_->wait(slice); });
      if (error != ACL_SUCCESS) return error;
    }
    return report(recording_->failure);
  }

 private:
  std::shared_ptr<Recording> recording_;
  int64_t limit_ms_;
};

class ExternalTask : public EventTask {
 public:
  ExternalTask(const char* name, const Event& event) : EventTask(name), latest_(event.slot()) {}

 protected:
  // Null: not recorded since the last reset.
  std::shared_ptr<Recording> recording() const { return latest_->get(); }
  void set(std::shared_ptr<Recording> recording) { latest_->set(std::move(recording)); }

 private:
  std::shared_ptr<Latest> latest_;
};

class ExternalRecordTask : public ExternalTask {
 public:
  explicit ExternalRecordTask(const Event& event) : ExternalTask("EVENT_RECORD", event) {}

  aclError run() override {
    auto recorded = std::make_shared<Recording>();
    recorded->time_ns = profiling::now_ns();
    recorded->done.advance_to(1);
    set(std::move(recorded));
    return ACL_SUCCESS;
  }
};

class ExternalWaitTask : public ExternalTask {
 public:
  ExternalWaitTask(const Event& event, int64_t limit_ms)
      : ExternalTask("EVENT_WAIT", event), limit_ms_(limit_ms) {}

  bool ready() const override { return recording() != nullptr; }

  aclError run() override {
    return wait_for(limit_ms_, [this](const Deadline&) {
      if (ready()) return true;
      constexpr timespec kNap{0, 200'000};
      nanosleep(&kNap, nullptr);
      return ready();
    });
  }

 private:
  int64_t limit_ms_;
};

class ExternalResetTask : public ExternalTask {
 public:
  explicit ExternalResetTask(const Event& event) : ExternalTask("EVENT_RESET", event) {}

  aclError run() override {
    set(nullptr);
    return ACL_SUCCESS;
  }
};

class SharedRecordTask : public EventTask {
 public:
  explicit SharedRecordTask(std::shared_ptr<SharedEvent> event)
      : EventTask("EVENT_RECORD"), event_(std::move(event)), number_(event_->announce()) {}
  ~SharedRecordTask() override { event_->complete(number_); }

  aclError run() override { return ACL_SUCCESS; }

 private:
  std::shared_ptr<SharedEvent> event_;
  uint64_t number_;
};

class SharedWaitTask : public EventTask {
 public:
  SharedWaitTask(std::shared_ptr<SharedEvent> event, int64_t limit_ms)
      : EventTask("EVENT_WAIT"),
        event_(std::move(event)),
        number_(event_->latest()),
        limit_ms_(limit_ms) {}

  aclError run() override {
    auto result = SharedEvent::Result::kReached;
    const aclError error = wait_for(limit_ms_, [&](const Deadline& slice) {
      result = event_->wait(number_, slice);
      return result != SharedEvent::Result::kTimeout;
    });
    if (error != ACL_SUCCESS || result == SharedEvent::Result::kReached) return error;
    return fail(ACL_ERROR_RT_IPC_ERROR, "the process that was to record the event has ended");
  }

 private:
  std::shared_ptr<SharedEvent> event_;
  uint64_t number_;
  int64_t limit_ms_;
};

}  // namespace

Event* create_event(uint32_t flags, bool extended) { return events().create(flags, extended); }

void destroy_event(Event* event) {
  if (event->live.exchange(false)) events().recycle(event);
}

aclError find_event(const char* api, aclrtEvent handle, Event** event) {
  *event = events().find(handle);
  if (*event != nullptr) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_INVALID_HANDLE,
              "%s: %p is no live event (never created, or already destroyed)", api, handle);
}

void set_event_wait_limit(int64_t milliseconds) {
  wait_limit_ms.store(milliseconds == 0 ? -1 : milliseconds, std::memory_order_relaxed);
}

int64_t event_wait_limit() { return wait_limit_ms.load(std::memory_order_relaxed); }

aclError enqueue_record(aclrtStream handle, Event& event) {
  Stream* stream;
  const aclError error = find_stream("aclrtRecordEvent", handle, &stream);
  if (error != ACL_SUCCESS) return error;
  if (const auto result = capture_record(*stream, event)) return *result;
  if (event.external()) return stream->submit(std::make_unique<ExternalRecordTask>(event));
  if (event.interprocess()) return stream->submit(std::make_unique<SharedRecordTask>(event.shared));
  auto recording = std::make_shared<Recording>();
  event.replace(recording);
  return stream->submit(std::make_unique<RecordTask>(std::move(recording), *stream));
}

aclError enqueue_wait(aclrtStream handle, Event& event, int64_t limit_ms) {
  Stream* stream;
  const aclError error = find_stream("aclrtStreamWaitEvent", handle, &stream);
  if (error != ACL_SUCCESS) return error;
  if (const auto result = capture_wait(*stream, event)) return *result;
  if (event.external()) {
    return stream->submit(std::make_unique<ExternalWaitTask>(event, limit_ms));
  }
  if (event.interprocess()) {
    if (event.shared->reached(event.shared->latest())) return ACL_SUCCESS;
    return stream->submit(std::make_unique<SharedWaitTask>(event.shared, limit_ms));
  }
  auto recording = event.latest();
  if (recording == nullptr || recording->succeeded()) return ACL_SUCCESS;
  return stream->submit(std::make_unique<WaitTask>(std::move(recording), limit_ms));
}

aclError enqueue_reset(aclrtStream handle, Event& event) {
  Stream* stream;
  const aclError error = find_stream("aclrtResetEvent", handle, &stream);
  if (error != ACL_SUCCESS) return error;
  if (event.external()) return stream->submit(std::make_unique<ExternalResetTask>(event));
  // Waits already called keep their recording, so forgetting it needs no task on the stream.
  event.replace(nullptr);
  return ACL_SUCCESS;
}

}  // namespace ascend_emulator
