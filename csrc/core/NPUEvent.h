#pragma once

#include <atomic>
#include <string>

#include "acl/acl_base.h"
#include "csrc/core/NPUStream.h"
#include "csrc/core/TaskQueue.h"

namespace c10_npu {

// The calls on CANN's events, which NPUEvent and the device guard share. Each makes the device of
// its stream or event current for the call.
namespace event {
enum class Kind {
  kOrder,         // of streams
  kTiming,        // the device notes when it was reached
  kExternal,      // of graphs: recorded and waited for at each replay
  kInterprocess,  // several processes record it and wait for it
};

// CANN's event, and where in the device's task queue it was recorded last.
struct Event {
  aclrtEvent handle;
  c10::DeviceIndex device;
  std::atomic<TaskQueue::Position> recorded{0};
};

Event* create(c10::DeviceIndex device, Kind kind);
void destroy(Event* event) noexcept;  // nullptr is fine
void record(Event& event, const NPUStream& stream);
void block(const Event& event, const NPUStream& stream);
bool query(const Event& event);  // throws if the stream has failed
// The same for who only wants to know whether the stream has come there, failed or not.
bool passed(const Event& event);
void synchronize(const Event& event);
float elapsed_time(const Event& start, const Event& end);
// Microseconds on the device's clock at which the event was reached.
uint64_t recorded_time(const Event& event);
// CANN's event, once its last record has been handed to CANN.
aclrtEvent handle(const Event& event);
// For another process to open. Of events that are kInterprocess.
std::string ipc_handle(const Event& event);
Event* open(c10::DeviceIndex device, const std::string& ipc_handle);
}  // namespace event

// A marker in a stream. The CANN event is created on the stream's device at the first record.
class NPUEvent {
 public:
  explicit NPUEvent(event::Kind kind = event::Kind::kOrder) noexcept : kind_(kind) {}
  ~NPUEvent();
  NPUEvent(NPUEvent&& other) noexcept;
  NPUEvent& operator=(NPUEvent&& other) noexcept;
  NPUEvent(const NPUEvent&) = delete;
  NPUEvent& operator=(const NPUEvent&) = delete;

  bool is_created() const noexcept { return event_ != nullptr; }
  // -1 before the first record.
  c10::DeviceIndex device_index() const noexcept { return device_; }

  void record(const NPUStream& stream);
  void record() { record(getCurrentNPUStream()); }
  // Makes work enqueued on `stream` from now on wait for the last record. No-op if never recorded.
  void block(const NPUStream& stream) const;
  // True if never recorded.
  bool query() const;
  bool passed() const;
  void synchronize() const;
  // Milliseconds from this event to `end`. Both need timing and must have been reached.
  float elapsed_time(const NPUEvent& end) const;

 private:
  event::Event* event_ = nullptr;
  c10::DeviceIndex device_ = -1;
  event::Kind kind_;
};

}  // namespace c10_npu
