#pragma once

#include <memory>
#include <torch/csrc/distributed/c10d/Work.hpp>
#include <vector>

#include "csrc/distributed/CollectiveRecord.h"

namespace c10d_npu {

// How a work's wait() ends.
enum class HostWait { kNever, kUntilDone };

// The handle of a collective. Waiting orders the current stream after it; the host goes on.
class WorkHCCL final : public c10d::Work {
 public:
  WorkHCCL(int rank, c10d::OpType op, std::shared_ptr<CollectiveRecord> record,
           std::vector<at::Tensor> outputs, HostWait host_wait);

  bool isCompleted() override;
  bool isSuccess() const override;
  std::exception_ptr exception() const override;
  std::vector<at::Tensor> result() override { return outputs_; }
  void synchronize() override;
  // Blocks the host as well if a timeout is given, for a barrier, and with
  // TORCH_HCCL_BLOCKING_WAIT=1.
  bool wait(std::chrono::milliseconds timeout = kNoTimeout) override;
  void blockCurrentStream() override { synchronize(); }
  void abort() override;
  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override { return future_; }
  float getDuration() const override { return record_->milliseconds(); }
  uint64_t getSequencenumber() const override { return record_->id().sequence; }

 private:
  void rethrow() const;
  void wait_on_host(std::chrono::milliseconds timeout);

  std::shared_ptr<CollectiveRecord> record_;
  std::vector<at::Tensor> outputs_;
  c10::intrusive_ptr<c10::ivalue::Future> future_;
  HostWait host_wait_;
};

}  // namespace c10d_npu
