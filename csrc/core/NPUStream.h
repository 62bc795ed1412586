#pragma once

#include <c10/core/Stream.h>

#include <functional>

#include "acl/acl_base.h"
#include "csrc/core/Macros.h"

namespace c10_npu {

// A c10::Stream that is known to be on an NPU.
class NPUStream {
 public:
  enum Unchecked { UNCHECKED };

  explicit NPUStream(c10::Stream stream) : stream_(stream) {
    TORCH_CHECK(stream.device_type() == kNPU, "expected a stream of an npu device, got one of ",
                stream.device());
  }
  NPUStream(Unchecked, c10::Stream stream) : stream_(stream) {}

  bool operator==(const NPUStream& other) const noexcept { return stream_ == other.stream_; }

  // CANN's handle, once everything submitted before has been handed to CANN (see TaskQueue.h): for
  // calls that use the stream at once. Raises what went wrong there.
  aclrtStream stream() const;
  // The handle alone, for what submit() runs. One table read.
  aclrtStream handle() const;
  operator aclrtStream() const { return stream(); }

  c10::Stream unwrap() const noexcept { return stream_; }
  operator c10::Stream() const noexcept { return stream_; }

  c10::StreamId id() const noexcept { return stream_.id(); }
  c10::DeviceIndex device_index() const noexcept { return stream_.device_index(); }
  c10::Device device() const noexcept { return stream_.device(); }
  int priority() const;
  // Whether launches go to CANN on the calling thread, past the task queue.
  bool isSyncLaunchStream() const noexcept;

  // Whether all work enqueued so far has finished.
  bool query() const;
  // Raises after ACL_STREAM_TIMEOUT, and in sync debug mode "error".
  void synchronize() const;

 private:
  c10::Stream stream_;
};

// The calling thread's stream of `device` (-1: the current device). Thread-local reads; binds the
// thread to its device at the first call, so that CANN calls which follow find a context.
NPUStream getCurrentNPUStream(c10::DeviceIndex device = -1);
NPUStream getDefaultNPUStream(c10::DeviceIndex device = -1);

// Hands out the device's pooled streams in turn.
NPUStream getNPUStreamFromPool(bool high_priority = false, c10::DeviceIndex device = -1);
NPUStream getSyncLaunchStreamFromPool(bool high_priority = false, c10::DeviceIndex device = -1);

// Wraps a stream that someone else created and keeps alive.
NPUStream getStreamFromExternal(aclrtStream stream, c10::DeviceIndex device);

// Makes `stream` its device's current stream in this thread; the current device stays.
void setCurrentNPUStream(NPUStream stream);

}  // namespace c10_npu

template <>
struct std::hash<c10_npu::NPUStream> {
  size_t operator()(const c10_npu::NPUStream& stream) const noexcept {
    return std::hash<c10::Stream>{}(stream.unwrap());
  }
};
