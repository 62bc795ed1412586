#include "csrc/distributed/CollectiveRecord.h"

#include <c10/util/Exception.h>

namespace c10d_npu {

CollectiveRecord::CollectiveRecord(CallId id, std::shared_ptr<HCCLComm> comm,
                                   std::chrono::milliseconds timeout, bool timing)
    : id_(std::move(id)),
      comm_(std::move(comm)),
      timeout_(timeout),
      end_(timing ? c10_npu::event::Kind::kTiming : c10_npu::event::Kind::kOrder) {
  if (timing) begin_.emplace(c10_npu::event::Kind::kTiming);
}

void CollectiveRecord::begin() {
  if (begin_) begin_->record(comm_->stream());
}

void CollectiveRecord::end() { end_.record(comm_->stream()); }

bool CollectiveRecord::completed() {
  if (succeeded_ || failure() != nullptr) return true;
  try {
    if (!end_.query()) return false;
    end_.synchronize();  // reached, so this only tells whether the stream had failed before
  } catch (const std::exception& error) {
    fail(error.what());
    return true;
  }
  succeeded_ = true;
  return true;
}

std::exception_ptr CollectiveRecord::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

void CollectiveRecord::fail(const std::string& reason) {
  std::lock_guard lock(mutex_);
  if (failure_ != nullptr) return;
  failure_ = std::make_exception_ptr(c10::DistBackendError(
      {__func__, __FILE__, static_cast<uint32_t>(__LINE__)}, describe() + " failed: " + reason));
}

bool CollectiveRecord::check_communicator() {
  const auto error = comm_->poll_error();
  if (error) fail(*error);
  return error.has_value();
}

float CollectiveRecord::milliseconds() const {
  TORCH_CHECK(begin_, "the duration of ", id_.name,
              " was not measured: enable it before the call (enableCollectivesTiming)");
  return begin_->elapsed_time(end_);
}

std::string CollectiveRecord::describe() const {
  return c10::str(id_.name, " number ", id_.sequence, " of group ", *id_.group);
}

}  // namespace c10d_npu
