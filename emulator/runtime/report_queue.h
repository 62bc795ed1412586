#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "acl/acl_rt.h"

namespace ascend_emulator {

// Functions that streams have launched for one thread of the client, which runs them when it calls
// aclrtProcessReport.
class ReportQueue {
 public:
  // With `block` returns only when the function has run, or when the last stream unsubscribed.
  void post(aclrtCallback function, void* argument, bool block);

  // Runs the oldest function. False: none came in time. A negative time-out waits for ever.
  bool run_one(int64_t timeout_ms);

  void subscribe();
  void unsubscribe();

 private:
  struct Call {
    aclrtCallback function;
    void* argument;
    std::shared_ptr<bool> done;  // null: nobody waits
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Call> calls_;
  int streams_ = 0;
};

}  // namespace ascend_emulator
