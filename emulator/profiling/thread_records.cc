#include "emulator/profiling/thread_records.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <vector>

namespace ascend_emulator {
inline namespace profiling {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<std::shared_ptr<ThreadRecords>> threads;
};

// Never destroyed: worker threads may outlive static destructors.
Registry& registry() {
  static auto* instance = new Registry;
  return *instance;
}

// Keeps the records registered until the collector has seen that the thread is gone.
class Registration {
 public:
  Registration() : records_(std::make_shared<ThreadRecords>()) {
    records_->thread_id = static_cast<uint32_t>(syscall(SYS_gettid));
    std::lock_guard lock(registry().mutex);
    registry().threads.push_back(records_);
  }
  ~Registration() { records_->exited.store(true, std::memory_order_release); }
  ThreadRecords& records() { return *records_; }

 private:
  std::shared_ptr<ThreadRecords> records_;
};

}  // namespace

ThreadRecords& thread_records() {
  thread_local Registration registration;
  return registration.records();
}

void for_each_thread(const std::function<void(ThreadRecords&)>& visit) {
  std::vector<std::shared_ptr<ThreadRecords>> threads;
  {
    std::lock_guard lock(registry().mutex);
    threads = registry().threads;
  }
  std::vector<ThreadRecords*> gone;
  for (const auto& records : threads) {
    // Read before the visit: what a thread pushed before it ended is then visible to the visit.
    if (records->exited.load(std::memory_order_acquire)) gone.push_back(records.get());
    visit(*records);
  }
  std::lock_guard lock(registry().mutex);
  for (ThreadRecords* records : gone) {
    std::erase_if(registry().threads, [&](const auto& entry) { return entry.get() == records; });
  }
}

}  // namespace profiling
}  // namespace ascend_emulator
