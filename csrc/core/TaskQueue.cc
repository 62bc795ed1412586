#include "csrc/core/TaskQueue.h"

#include <pthread.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "csrc/core/Env.h"
#include "csrc/core/NPUFunctions.h"

namespace c10_npu {
namespace {

// How long the consumer looks for work before it sleeps, and a waiting thread before it does.
constexpr auto kSpin = std::chrono::microseconds(20);
// A task that does not return for so long hangs in CANN.
constexpr auto kHang = std::chrono::minutes(30);
constexpr auto kNap = std::chrono::microseconds(50);

std::array<std::atomic<TaskQueue*>, kMaxDevices> queues{};
std::mutex queues_mutex;
std::atomic<bool> stopping{false};
thread_local bool on_queue_thread = false;  // which must not wait for itself

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <class Condition>
bool spin_until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (condition()) return true;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < end);
  return condition();
}

}  // namespace

// Leaked on purpose: threads may push until the process is gone.
TaskQueue& TaskQueue::of(c10::DeviceIndex device) {
  TaskQueue* queue = queues[device].load(std::memory_order_acquire);
  if (C10_LIKELY(queue != nullptr)) return *queue;
  const std::lock_guard lock(queues_mutex);
  queue = queues[device].load();
  if (queue == nullptr) {
    // After CANN's own registrations, hence run before them.
    static const int registered = std::atexit([] { TaskQueue::stop_all(); });
    TORCH_CHECK(registered == 0, "the shutdown of the task queue could not be registered");
    queue = new TaskQueue(device);
    queues[device].store(queue, std::memory_order_release);
  }
  return *queue;
}

TaskQueue::TaskQueue(c10::DeviceIndex device)
    : device_(device), slots_(std::make_unique_for_overwrite<Slot[]>(kSlots)) {
  thread_ = std::thread([this] { consume(); });
}

void TaskQueue::consume() {
  pthread_setname_np(pthread_self(), "npu_task_queue");
  on_queue_thread = true;
  bool bound = false;
  for (Position done = 0; !(stopping && done == pushed()); ++done) {
    sleep_until_pushed(done);
    Slot& slot = slots_[done % kSlots];
    try {
      if (!bound) set_device(device_);
      bound = true;
      slot.run(slot.storage);
    } catch (...) {
      keep(std::current_exception());
    }
    done_.store(done + 1);
    if (C10_UNLIKELY(waiting_.load() != 0)) wake_waiting(done + 1);
  }
}

void TaskQueue::sleep_until_pushed(Position done) {
  const auto has_work = [&] { return pushed_.load() != done; };
  if (C10_LIKELY(has_work()) || spin_until(has_work)) return;
  asleep_.store(true);
  while (!has_work()) pushed_.wait(done);
  asleep_.store(false, std::memory_order_relaxed);
}

void TaskQueue::keep(std::exception_ptr error) noexcept {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  has_error_ = true;
}

// Not at every task: most of the time somebody waits for the last one.
void TaskQueue::wake_waiting(Position done) {
  constexpr Position kOften = 64;
  if (done % kOften != 0 && done != pushed()) return;
  const std::lock_guard lock(mutex_);
  passed_.notify_all();
}

void TaskQueue::wait_for_producer() noexcept {
  for (int attempt = 0; producing_.exchange(true, std::memory_order_acquire); ++attempt) {
    attempt < 100 ? pause_briefly() : std::this_thread::sleep_for(kNap);
  }
}

void TaskQueue::wait(Position position) {
  if (C10_LIKELY(passed(position)) || on_queue_thread) return;
  if (spin_until([&] { return passed(position); })) return;
  ++waiting_;
  std::unique_lock lock(mutex_);
  Position seen = done_.load();
  auto progress = std::chrono::steady_clock::now();
  while (!passed(position)) {
    passed_.wait_for(lock, std::chrono::seconds(1));
    const auto now = std::chrono::steady_clock::now();
    if (const Position done = done_.load(); done != seen) {
      seen = done;
      progress = now;
    }
    if (now - progress > kHang) break;
  }
  --waiting_;
  TORCH_CHECK(passed(position), "the task queue of npu:", static_cast<int>(device_),
              " hangs: CANN has not returned from the launch of an operator for 30 minutes. "
              "TASK_QUEUE_ENABLE=0 shows which one.");
}

void TaskQueue::wait_for_space(Position position) {
  const Position needed = position - kSlots + 1;
  if (!passed(needed)) wait(needed);
  done_seen_ = done_.load(std::memory_order_acquire);
}

std::exception_ptr TaskQueue::take_error() {
  const std::lock_guard lock(mutex_);
  has_error_ = false;
  return std::exchange(error_, nullptr);
}

void TaskQueue::throw_error() {
  if (C10_LIKELY(!has_error_.load()) || on_queue_thread) return;
  if (std::exception_ptr error = take_error()) std::rethrow_exception(error);
}

bool TaskQueue::is_own_thread() noexcept { return on_queue_thread; }

void TaskQueue::stop_all() noexcept {
  stopping = true;
  detail::task_queue_level = 0;
  for (std::atomic<TaskQueue*>& entry : queues) {
    TaskQueue* queue = entry.load();
    if (queue == nullptr) continue;
    try {
      queue->push([] {});  // wakes the thread
      queue->drain();
      queue->thread_.join();
      queue->throw_error();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "torch_npu: an error that no synchronizing call has seen: %s\n",
                   error.what());
      if (queue->thread_.joinable()) queue->thread_.detach();
    }
    entry = nullptr;
  }
}

void TaskQueue::abandon_all() noexcept {
  for (std::atomic<TaskQueue*>& entry : queues) entry = nullptr;
}

namespace detail {

int read_task_queue_level() {
  const int level =
      env::launch_blocking() ? 0 : env::integer("TASK_QUEUE_ENABLE", 0, 2).value_or(1);
  int unset = -1;
  task_queue_level.compare_exchange_strong(unset, level);
  return task_queue_level.load();
}

}  // namespace detail

namespace {

TaskQueue* existing(c10::DeviceIndex device) {
  return queues[device].load(std::memory_order_acquire);
}

}  // namespace

void flush_tasks(c10::DeviceIndex device) {
  if (TaskQueue* queue = existing(device)) queue->flush();
}

void drain_tasks(c10::DeviceIndex device) {
  if (TaskQueue* queue = existing(device)) queue->drain();
}

void wait_for_task(c10::DeviceIndex device, TaskQueue::Position position) {
  if (position == 0) return;
  if (TaskQueue* queue = existing(device)) queue->wait(position);
}

bool tasks_passed(c10::DeviceIndex device) noexcept {
  const TaskQueue* queue = existing(device);
  return queue == nullptr || queue->passed(queue->pushed());
}

void throw_task_error(c10::DeviceIndex device) {
  if (TaskQueue* queue = existing(device)) queue->throw_error();
}

void forget_task_error(c10::DeviceIndex device) {
  if (TaskQueue* queue = existing(device)) queue->take_error();
}

bool task_passed(c10::DeviceIndex device, TaskQueue::Position position) noexcept {
  const TaskQueue* queue = position == 0 ? nullptr : existing(device);
  return queue == nullptr || queue->passed(position);
}

namespace {

struct {
  std::mutex mutex;
  int count = 0;
  int level_without;
} in_place;

}  // namespace

InPlaceLaunches::InPlaceLaunches() {
  {
    const std::lock_guard lock(in_place.mutex);
    if (in_place.count++ == 0) in_place.level_without = task_queue_level();
    detail::task_queue_level = 0;
  }
  for (c10::DeviceIndex device = 0; device < kMaxDevices; ++device) drain_tasks(device);
}

InPlaceLaunches::~InPlaceLaunches() {
  const std::lock_guard lock(in_place.mutex);
  if (--in_place.count == 0 && !stopping) detail::task_queue_level = in_place.level_without;
}

}  // namespace c10_npu
