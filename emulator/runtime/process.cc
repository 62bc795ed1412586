#include "emulator/runtime/process.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <vector>

#include "emulator/runtime/futex.h"

namespace ascend_emulator {
namespace {

constexpr int kExitPatienceMs = 10'000;

std::atomic<bool> is_forked{false};
std::atomic<bool> exiting{false};

struct Workers {
  std::mutex mutex;
  std::vector<WorkerScope*> scopes;
};

Workers& workers() {
  static Workers& all = *new Workers;
  return all;
}

thread_local WorkerScope* this_worker = nullptr;

[[noreturn]] void park() {
  static const std::atomic<uint32_t> never{0};
  while (true) futex_wait(never, 0);
}

}  // namespace

bool workers_inside() {
  std::lock_guard lock(workers().mutex);
  return std::ranges::any_of(workers().scopes, [](const WorkerScope* scope) {
    return scope->inside_.load(std::memory_order_seq_cst);
  });
}

namespace {

void stop_workers(int status, void*) {
  if (forked()) return;
  exiting.store(true, std::memory_order_seq_cst);
  const Deadline deadline = Deadline::after(kExitPatienceMs);
  while (workers_inside()) {
    if (deadline.passed()) {
      std::fprintf(stderr,
                   "ascend_emulator: a kernel still runs %d s after exit; it is abandoned\n",
                   kExitPatienceMs / 1000);
      std::fflush(nullptr);
      _exit(status);
    }
    const timespec pause{0, 500'000};
    nanosleep(&pause, nullptr);
  }
}

}  // namespace

bool forked() { return is_forked.load(std::memory_order_relaxed); }

bool process_ending() { return exiting.load(std::memory_order_seq_cst); }

void watch_for_fork() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { is_forked.store(true, std::memory_order_relaxed); });
  static_cast<void>(registered);
}

// Handlers run in reverse order of registration: registering again with each worker puts this one
// ahead of the destructors of every library that was loaded before.
void watch_for_exit() { on_exit(stop_workers, nullptr); }

WorkerScope::WorkerScope() {
  this_worker = this;
  std::lock_guard lock(workers().mutex);
  workers().scopes.push_back(this);
}

WorkerScope::~WorkerScope() {
  std::lock_guard lock(workers().mutex);
  std::erase(workers().scopes, this);
}

void WorkerScope::enter() {
  inside_.store(true, std::memory_order_seq_cst);
  if (!exiting.load(std::memory_order_seq_cst)) return;
  inside_.store(false, std::memory_order_seq_cst);
  park();
}

void WorkerScope::leave() { inside_.store(false, std::memory_order_release); }

BlockingRegion::BlockingRegion() {
  if (this_worker != nullptr) this_worker->leave();
}

BlockingRegion::~BlockingRegion() {
  if (this_worker != nullptr) this_worker->enter();
}

}  // namespace ascend_emulator
