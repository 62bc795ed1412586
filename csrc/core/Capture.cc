#include "csrc/core/Capture.h"

#include <c10/util/Exception.h>

#include "acl/acl.h"
#include "csrc/core/NPUError.h"

namespace c10_npu::detail {

constinit std::array<std::atomic<int>, kMaxDevices> captures{};
constinit thread_local bool updates_task_group = false;

// With the handle alone: the allocator asks this with its lock held, so nothing may be waited for.
bool asks_cann_if_captured(const NPUStream& stream, void* model) {
  aclmdlRICaptureStatus status = ACL_MODEL_RI_CAPTURE_STATUS_NONE;
  aclmdlRI captured = nullptr;
  NPU_CHECK(aclmdlRICaptureGetInfo(stream.handle(), &status, &captured));
  return status != ACL_MODEL_RI_CAPTURE_STATUS_NONE && (model == nullptr || captured == model);
}

void throw_in_capture(const char* call) {
  TORCH_CHECK(false, call,
              " cannot be part of a graph: what is captured runs at replay() only, so now there is "
              "nothing to wait for and no value to read. Do it before the capture or after a "
              "replay, or keep the value in a tensor on the device.");
}

void refuse_default_stream(const NPUStream& stream) {
  TORCH_CHECK(
      stream.id() != getDefaultNPUStream(stream.device_index()).id() || !is_captured(stream),
      "the default stream cannot wait for an event of a capture (Stream.wait_event(), "
      "wait_stream()): it would become part of the graph. Fork to other streams, and join "
      "them in the stream that is captured.");
}

}  // namespace c10_npu::detail
