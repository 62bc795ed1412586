#include "emulator/runtime/event.h"

#include "emulator/profiling/recorder.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/handle_table.h"
#include "emulator/runtime/process.h"
#include "emulator/runtime/stream.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxEvents = 65536;

auto& events() {
  static auto& table = *new HandleTable<Event, kMaxEvents>;
  return table;
}

std::atomic<int64_t> wait_limit_ms{-1};

class RecordTask : public Task {
 public:
  RecordTask(std::shared_ptr<Recording> recording, const Stream& stream)
      : recording_(std::move(recording)), stream_(stream) {
    info.name = info.type = info.engine = "EVENT_RECORD";
    info.kind = TaskKind::kEvent;
  }

  // Also when the task was dropped: nobody may wait for ever.
  ~RecordTask() override {
    recording_->failure = stream_.failure();
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

class WaitTask : public Task {
 public:
  explicit WaitTask(std::shared_ptr<Recording> recording) : recording_(std::move(recording)) {
    info.name = info.type = info.engine = "EVENT_WAIT";
    info.kind = TaskKind::kEvent;
  }

  // Work that was to follow failed work cannot be right: the failure spreads.
  aclError run() override {
    if (!recording_->complete()) {
      const BlockingRegion waiting;
      const int64_t limit = wait_limit_ms.load(std::memory_order_relaxed);
      if (!recording_->wait(Deadline::after(limit))) {
        return fail(ACL_ERROR_RT_WAIT_TIMEOUT,
                    "the event was not recorded within %lld ms (aclrtSetOpWaitTimeout)",
                    static_cast<long long>(limit));
      }
    }
    return report(recording_->failure);
  }

 private:
  std::shared_ptr<Recording> recording_;
};

}  // namespace

Event* create_event(uint32_t flags) { return events().create(flags); }

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

aclError enqueue_record(aclrtStream handle, Event& event) {
  Stream* stream;
  const aclError error = find_stream("aclrtRecordEvent", handle, &stream);
  if (error != ACL_SUCCESS) return error;
  auto recording = std::make_shared<Recording>();
  event.replace(recording);
  stream->submit(std::make_unique<RecordTask>(std::move(recording), *stream));
  return ACL_SUCCESS;
}

aclError enqueue_wait(aclrtStream handle, Event& event) {
  Stream* stream;
  const aclError error = find_stream("aclrtStreamWaitEvent", handle, &stream);
  if (error != ACL_SUCCESS) return error;
  auto recording = event.latest();
  if (recording == nullptr || recording->succeeded()) return ACL_SUCCESS;
  stream->submit(std::make_unique<WaitTask>(std::move(recording)));
  return ACL_SUCCESS;
}

}  // namespace ascend_emulator
