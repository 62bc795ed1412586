#pragma once

#include <c10/util/Exception.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>

#include "csrc/core/Macros.h"
#include "csrc/core/NPUStream.h"

namespace c10_npu {

// Hands the work of one device to CANN on a thread of its own, in the order of the calls, so that
// the calling thread goes on at once. Any thread may push; the tasks lie in a ring, so that a push
// neither allocates nor waits unless the ring is full.
//
// A task that throws does not stop the ones behind it: the first exception waits for the next call
// of flush(), which every synchronizing function makes.
class TaskQueue {
 public:
  using Position = uint64_t;  // how many tasks were pushed up to and including one

  static constexpr size_t kTaskBytes = 480;
  static constexpr size_t kSlots = 4096;

  // The device's queue, with its thread started.
  static TaskQueue& of(c10::DeviceIndex device);

  // `task` runs on the queue's thread with the device current. It must fit into a slot.
  template <class Task>
  Position push(Task&& task) {
    using Stored = std::decay_t<Task>;
    static_assert(sizeof(Stored) <= kTaskBytes && alignof(Stored) <= alignof(std::max_align_t));
    const Producer producer(*this);
    Slot& slot = next_slot();
    new (slot.storage) Stored(std::forward<Task>(task));
    slot.run = [](void* storage) {
      const std::unique_ptr<Stored, Destroy<Stored>> stored(static_cast<Stored*>(storage));
      (*stored)();
    };
    return publish();
  }

  // Whether the tasks up to `position` have been handed to CANN. Never waits.
  bool passed(Position position) const noexcept {
    return done_.load(std::memory_order_acquire) >= position;
  }
  Position pushed() const noexcept { return pushed_.load(std::memory_order_acquire); }

  // Waits for that, and leaves exceptions where they are.
  void wait(Position position);
  void drain() { wait(pushed()); }
  // Throws the first exception of a task, if any, and forgets it.
  void throw_error();
  std::exception_ptr take_error();
  // Waits for everything pushed so far, then does that.
  void flush() {
    drain();
    throw_error();
  }

  // Whether the caller is a task.
  static bool is_own_thread() noexcept;

  // At exit: hands the outstanding work to CANN and ends the threads.
  static void stop_all() noexcept;
  // In a forked child, which has none of the threads.
  static void abandon_all() noexcept;

 private:
  struct alignas(64) Slot {
    void (*run)(void* storage);
    alignas(std::max_align_t) std::byte storage[kTaskBytes];
  };
  template <class T>
  struct Destroy {
    void operator()(T* stored) const { stored->~T(); }
  };
  // Excludes other producers. Held for the few instructions of a push.
  class Producer {
   public:
    explicit Producer(TaskQueue& queue) : queue_(queue) { queue_.lock_producers(); }
    ~Producer() { queue_.unlock_producers(); }
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

   private:
    TaskQueue& queue_;
  };

  explicit TaskQueue(c10::DeviceIndex device);

  void lock_producers() noexcept {
    if (C10_UNLIKELY(producing_.exchange(true, std::memory_order_acquire))) wait_for_producer();
  }
  void unlock_producers() noexcept {
    producing_.store(false, std::memory_order_release);
    if (C10_UNLIKELY(asleep_.load())) pushed_.notify_one();
  }
  Slot& next_slot() {
    const Position position = pushed_.load(std::memory_order_relaxed);
    if (C10_UNLIKELY(position - done_seen_ >= kSlots)) wait_for_space(position);
    return slots_[position % kSlots];
  }
  // Sequentially consistent, as is the consumer's announcement that it sleeps: one sees the other.
  Position publish() noexcept {
    const Position position = pushed_.load(std::memory_order_relaxed) + 1;
    pushed_.store(position);
    return position;
  }
  void wait_for_producer() noexcept;
  void wait_for_space(Position position);
  void consume();
  void sleep_until_pushed(Position done);
  void wake_waiting(Position done);
  void keep(std::exception_ptr error) noexcept;

  const c10::DeviceIndex device_;
  const std::unique_ptr<Slot[]> slots_;

  alignas(64) std::atomic<Position> pushed_{0};
  std::atomic<bool> producing_{false};
  Position done_seen_ = 0;  // of the producers: spares a look at the consumer's cache line

  alignas(64) std::atomic<Position> done_{0};
  std::atomic<bool> asleep_{false};
  std::atomic<uint32_t> waiting_{0};  // threads in wait()

  std::thread thread_;
  std::mutex mutex_;  // of what follows
  std::condition_variable passed_;
  std::exception_ptr error_;
  std::atomic<bool> has_error_{false};
};

// ---- what the rest of the library uses: with TASK_QUEUE_ENABLE=0 everything happens in place ----

namespace detail {
inline std::atomic<int> task_queue_level{-1};
int read_task_queue_level();
}  // namespace detail

// 0: no queue. 1: launches are queued. 2: the preparation of launches too.
inline int task_queue_level() {
  const int level = detail::task_queue_level.load(std::memory_order_relaxed);
  return C10_LIKELY(level >= 0) ? level : detail::read_task_queue_level();
}

// Waits until everything submitted to the device has been handed to CANN; throws what went wrong.
void flush_tasks(c10::DeviceIndex device);
// The same without throwing: the error stays for the next flush.
void drain_tasks(c10::DeviceIndex device);
// Waits for one position; 0 is always passed.
void wait_for_task(c10::DeviceIndex device, TaskQueue::Position position);
bool task_passed(c10::DeviceIndex device, TaskQueue::Position position) noexcept;
// Whether nothing waits to be handed to CANN.
bool tasks_passed(c10::DeviceIndex device) noexcept;
// Throws what went wrong so far, without waiting.
void throw_task_error(c10::DeviceIndex device);
void forget_task_error(c10::DeviceIndex device);

// Runs `task` after all earlier work of the device; returns its position, 0 if it has run already.
template <class Task>
TaskQueue::Position submit(c10::DeviceIndex device, Task&& task) {
  if (task_queue_level() > 0) return TaskQueue::of(device).push(std::forward<Task>(task));
  drain_tasks(device);
  task();
  return 0;
}

// Work on a stream. Those that getSyncLaunchStreamFromPool() gives out have no queue.
template <class Task>
TaskQueue::Position submit(const NPUStream& stream, Task&& task) {
  if (C10_UNLIKELY(stream.isSyncLaunchStream())) {
    drain_tasks(stream.device_index());
    task();
    return 0;
  }
  return submit(stream.device_index(), std::forward<Task>(task));
}

// While one lives, work is handed over in place: for captures, and for tools that watch the calling
// thread.
class InPlaceLaunches {
 public:
  InPlaceLaunches();
  ~InPlaceLaunches();
  InPlaceLaunches(const InPlaceLaunches&) = delete;
  InPlaceLaunches& operator=(const InPlaceLaunches&) = delete;
};

}  // namespace c10_npu
