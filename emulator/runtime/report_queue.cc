#include "emulator/runtime/report_queue.h"

namespace ascend_emulator {

void ReportQueue::post(aclrtCallback function, void* argument, bool block) {
  std::unique_lock lock(mutex_);
  if (streams_ == 0) return;
  auto done = block ? std::make_shared<bool>(false) : nullptr;
  calls_.push_back({function, argument, done});
  changed_.notify_all();
  if (block) changed_.wait(lock, [&] { return *done || streams_ == 0; });
}

bool ReportQueue::run_one(int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  const auto arrived = [this] { return !calls_.empty(); };
  if (timeout_ms < 0) {
    changed_.wait(lock, arrived);
  } else if (!changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), arrived)) {
    return false;
  }
  const Call call = calls_.front();
  calls_.pop_front();
  lock.unlock();
  call.function(call.argument);
  lock.lock();
  if (call.done != nullptr) *call.done = true;
  changed_.notify_all();
  return true;
}

void ReportQueue::subscribe() {
  std::lock_guard lock(mutex_);
  ++streams_;
}

void ReportQueue::unsubscribe() {
  std::lock_guard lock(mutex_);
  --streams_;
  changed_.notify_all();
}

}  // namespace ascend_emulator
