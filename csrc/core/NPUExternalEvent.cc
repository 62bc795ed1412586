#include "csrc/core/NPUExternalEvent.h"

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/TaskQueue.h"

namespace c10_npu {

NPUExternalEvent::~NPUExternalEvent() { event::destroy(event_); }

event::Event& NPUExternalEvent::created_for(const NPUStream& stream) {
  if (event_ == nullptr) event_ = event::create(stream.device_index(), event::Kind::kExternal);
  TORCH_CHECK(event_->device == stream.device_index(),
              "an ExternalEvent of npu:", static_cast<int>(event_->device),
              " was used on a stream of ", stream.device());
  return *event_;
}

void NPUExternalEvent::record(const NPUStream& stream) {
  event::record(created_for(stream), stream);
}

void NPUExternalEvent::wait(const NPUStream& stream) { event::block(created_for(stream), stream); }

void NPUExternalEvent::reset(const NPUStream& stream) {
  const NPUGuard guard(stream.device_index());
  submit(stream, [handle = created_for(stream).handle, stream = stream.handle()] {
    NPU_CHECK(aclrtResetEvent(handle, stream));
  });
}

}  // namespace c10_npu
