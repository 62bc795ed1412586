#pragma once

#include "acl/acl_base.h"
#include "csrc/core/NPUStream.h"

namespace c10_npu {

// The calls on CANN's events, which NPUEvent and the device guard share. Each makes the device of
// its stream or event current for the call.
namespace event {
aclrtEvent create(c10::DeviceIndex device, bool timing);
void destroy(aclrtEvent event, c10::DeviceIndex device) noexcept;
void record(aclrtEvent event, const NPUStream& stream);
void block(aclrtEvent event, const NPUStream& stream);
bool query(aclrtEvent event);
void synchronize(aclrtEvent event);
float elapsed_time(aclrtEvent start, aclrtEvent end);
// Microseconds on the device's clock at which the event was reached.
uint64_t recorded_time(aclrtEvent event);
}  // namespace event

// A marker in a stream. The CANN event is created on the stream's device at the first record.
class NPUEvent {
 public:
  explicit NPUEvent(bool timing = false) noexcept : timing_(timing) {}
  ~NPUEvent();
  NPUEvent(NPUEvent&& other) noexcept;
  NPUEvent& operator=(NPUEvent&& other) noexcept;
  NPUEvent(const NPUEvent&) = delete;
  NPUEvent& operator=(const NPUEvent&) = delete;

  bool is_created() const noexcept { return event_ != nullptr; }
  aclrtEvent event() const noexcept { return event_; }
  // -1 before the first record.
  c10::DeviceIndex device_index() const noexcept { return device_; }

  void record(const NPUStream& stream);
  void record() { record(getCurrentNPUStream()); }
  // Makes work enqueued on `stream` from now on wait for the last record. No-op if never recorded.
  void block(const NPUStream& stream) const;
  // True if never recorded.
  bool query() const;
  void synchronize() const;
  // Milliseconds from this event to `end`. Both need timing and must have been reached.
  float elapsed_time(const NPUEvent& end) const;

 private:
  aclrtEvent event_ = nullptr;
  c10::DeviceIndex device_ = -1;
  bool timing_;
};

}  // namespace c10_npu
