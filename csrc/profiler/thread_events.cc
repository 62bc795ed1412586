#include "csrc/profiler/thread_events.h"

#include <ATen/record_function.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace torch_npu::profiler {
namespace {

struct Registry {
  std::shared_mutex mutex;
  std::vector<std::shared_ptr<ThreadEvents>> threads;
  std::unordered_map<uint64_t, uint64_t> thread_by_logical_id;
};

// Never destroyed: autograd threads may outlive static destructors.
Registry& registry() {
  static auto* instance = new Registry;
  return *instance;
}

// Keeps the events registered until the writer has seen that the thread is gone.
class Registration {
 public:
  Registration() : events_(std::make_shared<ThreadEvents>()) {
    events_->thread_id = static_cast<uint64_t>(syscall(SYS_gettid));
    std::unique_lock lock(registry().mutex);
    registry().threads.push_back(events_);
    registry().thread_by_logical_id[at::RecordFunction::currentThreadId()] = events_->thread_id;
  }
  ~Registration() { events_->exited.store(true, std::memory_order_release); }
  ThreadEvents& events() { return *events_; }

 private:
  std::shared_ptr<ThreadEvents> events_;
};

}  // namespace

ThreadEvents& thread_events() {
  thread_local Registration registration;
  return registration.events();
}

uint64_t thread_of_logical_id(uint64_t logical_id) {
  // A backward pass asks for the same forward thread again and again.
  thread_local uint64_t last_logical_id = 0;
  thread_local uint64_t last_thread = 0;
  if (logical_id == last_logical_id) return last_thread;
  std::shared_lock lock(registry().mutex);
  const auto& threads = registry().thread_by_logical_id;
  const auto found = threads.find(logical_id);
  if (found == threads.end()) return 0;
  last_logical_id = logical_id;
  return last_thread = found->second;
}

void for_each_thread(const std::function<void(ThreadEvents&)>& visit) {
  std::vector<std::shared_ptr<ThreadEvents>> threads;
  {
    std::shared_lock lock(registry().mutex);
    threads = registry().threads;
  }
  std::vector<ThreadEvents*> gone;
  for (const auto& events : threads) {
    // Read before the visit: what a thread committed before it ended is then visible to the visit.
    if (events->exited.load(std::memory_order_acquire)) gone.push_back(events.get());
    visit(*events);
  }
  if (gone.empty()) return;
  std::unique_lock lock(registry().mutex);
  for (ThreadEvents* events : gone) {
    std::erase_if(registry().threads, [&](const auto& entry) { return entry.get() == events; });
  }
}

}  // namespace torch_npu::profiler
