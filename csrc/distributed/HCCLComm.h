#pragma once

#include <c10/util/Exception.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUStream.h"
#include "csrc/distributed/HCCLConfig.h"
#include "hccl/hccl_types.h"

namespace c10d_npu {

// One HCCL communicator and the stream that its collectives run on. Shared by the process group,
// its works and the watchdog.
class HCCLComm {
 public:
  // Blocks until all ranks have called it, at most HCCL_CONNECT_TIMEOUT.
  static std::shared_ptr<HCCLComm> create(int rank_count, const HcclRootInfo& root, int rank,
                                          const HCCLConfig& config, c10_npu::NPUStream stream);

  HCCLComm(HcclComm handle, c10_npu::NPUStream stream) : handle_(handle), stream_(stream) {}
  ~HCCLComm();
  HCCLComm(const HCCLComm&) = delete;
  HCCLComm& operator=(const HCCLComm&) = delete;

  // The handle for a launch. Throws what made the communicator unusable.
  HcclComm handle() const;
  const c10_npu::NPUStream& stream() const { return stream_; }
  std::string name() const;

  // Orders the communicator's stream after what the current stream has been given so far.
  void follow(c10_npu::NPUStream current);

  // What went wrong asynchronously, once it has.
  std::optional<std::string> poll_error();

  // Ends pending collectives with an error, here and, through HCCL, on the other ranks.
  void abort(const std::string& reason);

 private:
  mutable std::mutex mutex_;
  HcclComm handle_;
  int64_t memory_ = 0;  // what was free on the device less after the creation
  std::string error_;
  c10_npu::NPUStream stream_;
  c10_npu::NPUEvent ready_;
};

}  // namespace c10d_npu
