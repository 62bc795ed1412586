#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "csrc/distributed/CollectiveRecord.h"
#include "csrc/distributed/Environment.h"
#include "csrc/distributed/RankStatus.h"

namespace c10d_npu {

// A thread per process group that looks at its collectives in flight: one that fails or takes too
// long ends as TORCH_HCCL_ASYNC_ERROR_HANDLING says, with a message that names it and the ranks
// that are missing.
class Watchdog {
 public:
  Watchdog(c10::intrusive_ptr<c10d::Store> store, int rank, int size, ErrorHandling handling);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void add(std::shared_ptr<CollectiveRecord> record);

  // From now on nothing that fails is reported: the group is being given up on purpose.
  void dismiss();

  // Waits until nothing is in flight, at most `timeout`; whether that was reached.
  bool drain(std::chrono::milliseconds timeout);

 private:
  using Records = std::list<std::shared_ptr<CollectiveRecord>>;

  void run();
  Records snapshot();
  // Whether there is nothing left to see.
  bool look_at(CollectiveRecord& record);
  void handle(CollectiveRecord& record);

  RankStatus status_;
  const ErrorHandling handling_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Records in_flight_;
  bool stopping_ = false;
  std::atomic<bool> dismissed_{false};
  std::thread thread_;
};

}  // namespace c10d_npu
