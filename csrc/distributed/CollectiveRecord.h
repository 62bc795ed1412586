#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "csrc/core/NPUEvent.h"
#include "csrc/distributed/HCCLComm.h"

namespace c10d_npu {

// Which call of which group.
struct CallId {
  const char* name;  // of the HCCL function
  uint64_t sequence;
  bool point_to_point;  // these are counted apart: not every rank takes part
  std::shared_ptr<const std::string> group;
};

// What the watchdog knows of a collective in flight. It holds no tensors: freeing those takes the
// GIL, which a thread that joins the watchdog may hold.
class CollectiveRecord {
 public:
  using Clock = std::chrono::steady_clock;

  CollectiveRecord(CallId id, std::shared_ptr<HCCLComm> comm, std::chrono::milliseconds timeout,
                   bool timing);

  void begin();  // on the communicator's stream, before the launch
  void end();    // after it

  // Finished, or failed. Never waits.
  bool completed();
  std::exception_ptr failure() const;
  void fail(const std::string& reason);
  // Fails if the communicator has failed; whether it has.
  bool check_communicator();
  bool timed_out() const { return Clock::now() - started_ > timeout_; }

  // Orders `stream` after the collective.
  void block(const c10_npu::NPUStream& stream) const { end_.block(stream); }
  float milliseconds() const;

  const CallId& id() const { return id_; }
  HCCLComm& comm() { return *comm_; }
  std::chrono::milliseconds timeout() const { return timeout_; }
  // "HcclAllReduce number 5 of group default_pg"
  std::string describe() const;

 private:
  const CallId id_;
  const std::shared_ptr<HCCLComm> comm_;
  const std::chrono::milliseconds timeout_;
  const Clock::time_point started_ = Clock::now();
  std::optional<c10_npu::NPUEvent> begin_;
  c10_npu::NPUEvent end_;
  mutable std::mutex mutex_;
  std::exception_ptr failure_;
  std::atomic<bool> succeeded_{false};
};

}  // namespace c10d_npu
