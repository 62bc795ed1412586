#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "acl/acl_rt.h"
#include "emulator/runtime/context.h"
#include "emulator/runtime/core_limits.h"
#include "emulator/runtime/progress.h"
#include "emulator/runtime/ring.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator {

class Diversion;
class ReportQueue;

// A task that went wrong. Kept for ever: events and other threads may still point to it, and a
// stream has at most one.
struct Failure {
  aclError code;
  std::string message;
};

// Records the failure as the calling thread's error and returns its code; null is success.
aclError report(const Failure* failure);

// An ordered queue of tasks with a thread of its own, which starts with the first task.
class Stream {
 public:
  Stream(Context& context, uint32_t id, uint32_t priority, uint32_t flags)
      : context(context), device(context.device), id(id), priority(priority), flags(flags) {}

  // Queues a task, or gives it to the diversion. `ticket` receives how many tasks were queued up to
  // and including this one.
  aclError submit(std::unique_ptr<Task> task, uint64_t* ticket = nullptr);
  uint64_t push(std::unique_ptr<Task> task);  // past the diversion

  // On the worker: runs one task with all that surrounds a task, and returns its error.
  aclError perform(Task& task, uint64_t submit_ns, uint32_t number);

  // False: the deadline passed first, or the process ends and the tasks will never run.
  bool wait(uint64_t tasks, const Deadline& deadline);
  uint64_t submitted() const;
  bool idle();
  const Failure* failure() const { return failure_.load(std::memory_order_acquire); }
  bool on_worker() const;  // whether the calling thread is this stream's

  // Runs what is queued, or drops it, then ends the worker. False: the process ends, the worker
  // stays as it is.
  bool stop(bool drop_queued);

  // Drops what is queued, and after that the failure. Who waits for the stream learns of it.
  void request_abort();
  bool finish_abort(const Deadline& deadline);  // false: the running task did not end in time
  uint32_t aborts() const { return aborts_.load(std::memory_order_acquire); }
  bool aborting() const;  // on the worker: whether the running task is to end early

  std::atomic<bool> live{false};
  Context& context;
  const int device;
  const uint32_t id;
  const uint32_t priority;
  const uint32_t flags;
  std::atomic<Diversion*> diversion{nullptr};  // see capture.h; null: tasks are queued
  std::atomic<bool> stop_on_failure{false};
  CoreLimits core_limits;
  std::mutex report_mutex;
  std::shared_ptr<ReportQueue> report_queue;  // where aclrtLaunchCallback's functions run

 private:
  static constexpr size_t kDepth = 4096;
  struct Entry {
    std::unique_ptr<Task> task;  // null: the worker ends
    uint64_t submit_ns = 0;
  };
  using Queue = Ring<Entry, kDepth>;

  Queue& started_queue();
  void work();
  Entry next();
  void execute(Task& task, uint64_t submit_ns, uint64_t number);
  void fail_with(const Task& task, uint64_t number, aclError code);

  std::mutex start_mutex_;
  std::unique_ptr<Queue> queue_owner_;
  std::atomic<Queue*> queue_{nullptr};  // set when the worker runs
  std::thread worker_;
  std::atomic<uint64_t> ran_{0};  // tasks whose run() is over …
  Progress done_;                 // … and that are gone
  std::atomic<const Failure*> failure_{nullptr};
  std::atomic<bool> drop_{false};
  std::atomic<uint64_t> drop_through_{0};  // tasks up to this number are aborted
  std::atomic<uint32_t> aborts_{0};
  uint64_t running_ = 0;  // the worker's own
};

// Finds the stream that a client names in a call: null is the default stream of the thread's
// context. Anything else must be live and belong to that context.
aclError find_stream(const char* api, aclrtStream handle, Stream** stream);

Stream* create_stream(Context& context, uint32_t priority, uint32_t flags);  // null: too many
void destroy_stream(Stream* stream, bool drop_queued);
void destroy_streams_of(const Context& context);

// An error with a message if the tasks are not done: 507046 if the deadline has passed.
aclError await_tasks(const char* api, Stream& stream, uint64_t tasks, const Deadline& deadline);

// The same for all tasks of the stream or the device, and then the stream's failure, if any.
aclError synchronize(const char* api, Stream& stream, const Deadline& deadline);
aclError synchronize_device(const char* api, int device, const Deadline& deadline);

// False: a task did not end in time.
bool abort_device(int device, const Deadline& deadline);

// Whether the calling thread is a worker whose running task is to end early.
bool abort_requested();

}  // namespace ascend_emulator
