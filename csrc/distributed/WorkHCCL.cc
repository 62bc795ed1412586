#include "csrc/distributed/WorkHCCL.h"

#include <thread>

#include "csrc/core/NPUGuard.h"

namespace c10d_npu {
namespace {

constexpr std::chrono::milliseconds kPoll{1};
// Asking HCCL takes a lock that launches take too.
constexpr int kPollsPerCheck = 100;

c10::intrusive_ptr<c10::ivalue::Future> make_future(const std::vector<at::Tensor>& outputs,
                                                    const c10_npu::NPUStream& stream) {
  auto future = c10::make_intrusive<c10::ivalue::Future>(
      c10::ListType::create(c10::TensorType::get()), std::vector<c10::Device>{stream.device()});
  // Completed at once: its event on this stream is what orders whoever uses the value.
  const c10_npu::NPUStreamGuard guard(stream.unwrap());
  future->markCompleted(at::IValue(outputs));
  return future;
}

}  // namespace

WorkHCCL::WorkHCCL(int rank, c10d::OpType op, std::shared_ptr<CollectiveRecord> record,
                   std::vector<at::Tensor> outputs, HostWait host_wait)
    : Work(rank, op),
      record_(std::move(record)),
      outputs_(std::move(outputs)),
      future_(make_future(outputs_, record_->comm().stream())),
      host_wait_(host_wait) {}

bool WorkHCCL::isCompleted() { return record_->completed(); }

bool WorkHCCL::isSuccess() const {
  return record_->failure() == nullptr && record_->completed() && record_->failure() == nullptr;
}

std::exception_ptr WorkHCCL::exception() const { return record_->failure(); }

void WorkHCCL::rethrow() const {
  if (const auto failure = record_->failure()) std::rethrow_exception(failure);
}

void WorkHCCL::synchronize() {
  rethrow();
  record_->block(c10_npu::getCurrentNPUStream(record_->comm().stream().device_index()));
}

bool WorkHCCL::wait(std::chrono::milliseconds timeout) {
  synchronize();
  if (timeout != kNoTimeout) {
    wait_on_host(timeout);
  } else if (host_wait_ == HostWait::kUntilDone) {
    wait_on_host(record_->timeout());
  }
  return true;
}

void WorkHCCL::wait_on_host(std::chrono::milliseconds timeout) {
  const auto end = CollectiveRecord::Clock::now() + timeout;
  for (int polls = 1; !record_->completed(); ++polls) {
    if (polls % kPollsPerCheck == 0 && record_->check_communicator()) break;
    if (CollectiveRecord::Clock::now() > end) {
      record_->fail(c10::str("it was waited for longer than ", timeout.count(), " ms"));
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  rethrow();
}

void WorkHCCL::abort() { record_->comm().abort("a work on it was aborted"); }

}  // namespace c10d_npu
