#include "emulator/runtime/stream.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <exception>

#include "emulator/profiling/recorder.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/env.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/exception.h"
#include "emulator/runtime/faults.h"
#include "emulator/runtime/introspection.h"
#include "emulator/runtime/process.h"
#include "emulator/runtime/stream_state.h"

namespace ascend_emulator {
namespace {

thread_local const Stream* working_for = nullptr;
thread_local uint32_t last_task = UINT32_MAX;  // none yet

uint32_t own_thread_id() {
  static thread_local const auto id = static_cast<uint32_t>(gettid());
  return id;
}

uint64_t spin_limit_ns() {
  static const uint64_t limit = static_cast<uint64_t>(env().spin_us) * 1000;
  return limit;
}

// Signals of the process are the client's business; faults of a kernel still arrive.
std::thread start_with_signals_blocked(void (*body)(Stream*), Stream* stream) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP})
    sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(body, stream);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

void delay_kernel() {
  const uint64_t micros = emulatorKernelDelayMicros();
  if (micros == 0) return;
  const timespec pause{static_cast<time_t>(micros / 1'000'000),
                       static_cast<long>(micros % 1'000'000 * 1000)};
  nanosleep(&pause, nullptr);
}

aclError run_guarded(Task& task) {
  if (task.info.kind == TaskKind::kKernel) {
    if (const aclError fault = kernel_fault(task.info); fault != ACL_SUCCESS) return fault;
  }
  try {
    return task.run();
  } catch (const std::exception& error) {
    return fail(ACL_ERROR_RT_AICORE_EXCEPTION, "%s", error.what());
  } catch (...) {
    return fail(ACL_ERROR_RT_AICORE_EXCEPTION, "unknown exception");
  }
}

}  // namespace

Task::~Task() = default;

aclError report(const Failure* failure) {
  return failure == nullptr ? ACL_SUCCESS : fail(failure->code, "%s", failure->message.c_str());
}

Stream::Queue& Stream::started_queue() {
  std::lock_guard lock(start_mutex_);
  if (queue_owner_ == nullptr) {
    watch_for_exit();
    queue_owner_ = std::make_unique<Queue>();
    queue_.store(queue_owner_.get(), std::memory_order_release);
    worker_ = start_with_signals_blocked([](Stream* stream) { stream->work(); }, this);
  }
  return *queue_owner_;
}

aclError Stream::submit(std::unique_ptr<Task> task, uint64_t* ticket) {
  if (diversion.load(std::memory_order_acquire) != nullptr) [[unlikely]] {
    if (const auto result = divert(*this, task)) return *result;
  }
  const uint64_t number = push(std::move(task));
  if (ticket != nullptr) *ticket = number;
  return ACL_SUCCESS;
}

uint64_t Stream::push(std::unique_ptr<Task> task) {
  Queue* queue = queue_.load(std::memory_order_acquire);
  if (queue == nullptr) queue = &started_queue();
  Entry entry;
  if (profiling::enabled.load(std::memory_order_relaxed)) {
    task->info.connection_id = profiling::current_connection_id();
    entry.submit_ns = profiling::now_ns();
  }
  entry.task = std::move(task);
  entry.thread = own_thread_id();
  const uint64_t number = queue->push(std::move(entry));
  last_task = static_cast<uint32_t>(number);
  return number;
}

uint32_t last_task_of_this_thread() { return last_task; }

uint64_t Stream::submitted() const {
  const Queue* queue = queue_.load(std::memory_order_acquire);
  return queue == nullptr ? 0 : queue->pushed();
}

// Whoever was woken by the last task's end, say an event, must find the stream idle, and whoever
// finds it idle must find the event complete: so a task that has run is waited for.
bool Stream::idle() {
  const uint64_t last = submitted();
  return ran_.load(std::memory_order_acquire) >= last && wait(last, Deadline::never());
}

bool Stream::on_worker() const { return working_for == this; }

bool Stream::wait(uint64_t tasks, const Deadline& deadline) {
  return process_ending() ? done_.reached(tasks) : done_.wait(tasks, deadline);
}

void Stream::request_abort() {
  drop_through_.store(submitted(), std::memory_order_release);
  aborts_.fetch_add(1, std::memory_order_release);
}

bool Stream::finish_abort(const Deadline& deadline) {
  const bool over = wait(drop_through_.load(std::memory_order_acquire), deadline);
  if (over) failure_.store(nullptr, std::memory_order_release);
  return over;
}

bool Stream::aborting() const { return running_ <= drop_through_.load(std::memory_order_relaxed); }

bool abort_requested() { return working_for != nullptr && working_for->aborting(); }

bool Stream::stop(bool drop_queued) {
  if (process_ending()) return false;
  Queue* queue = queue_.load(std::memory_order_acquire);
  if (queue == nullptr) return true;
  if (drop_queued) drop_.store(true, std::memory_order_release);
  queue->push({});
  worker_.join();
  return true;
}

// A short spin saves the sleep and the wake-up between the tasks of a burst; worth it only where
// the worker has a core of its own.
Stream::Entry Stream::next() {
  if (spin_limit_ns() != 0) {
    const uint64_t end = profiling::now_ns() + spin_limit_ns();
    while (!queue_owner_->ready() && profiling::now_ns() < end) {
    }
  }
  return queue_owner_->pop();
}

void Stream::work() {
  char name[16];
  std::snprintf(name, sizeof(name), "npu%d.%u", device, id);
  pthread_setname_np(pthread_self(), name);
  working_for = this;
  WorkerScope scope;
  for (uint64_t number = 1;; ++number) {
    Entry entry = next();
    if (entry.task == nullptr) break;
    scope.enter();
    running_ = number;
    execute(entry, number);
    ran_.store(number, std::memory_order_release);
    entry.task.reset();
    done_.advance_to(number);
    scope.leave();
  }
}

void Stream::execute(const Entry& entry, uint64_t number) {
  if (drop_.load(std::memory_order_relaxed) || aborting()) return;
  if (failure() != nullptr && stop_on_failure.load(std::memory_order_relaxed)) return;
  const auto id_of_task = static_cast<uint32_t>(number);
  const aclError code = perform(*entry.task, entry.submit_ns, id_of_task);
  if (code == ACL_SUCCESS || aborting()) return;
  fail_with(*entry.task, number, code);
  tell_of_exception({.taskid = id_of_task,
                     .streamid = id,
                     .tid = entry.thread,
                     .deviceid = static_cast<uint32_t>(device),
                     .retcode = static_cast<uint32_t>(code)});
}

aclError Stream::perform(Task& task, uint64_t submit_ns, uint32_t number) {
  const bool recorded = profiling::enabled.load(std::memory_order_relaxed);
  const uint64_t start_ns = recorded ? profiling::now_ns() : 0;
  if (task.info.kind == TaskKind::kKernel) delay_kernel();
  const aclError code = run_guarded(task);
  if (recorded) {
    profiling::task_finished(task, {device, id, number, submit_ns, start_ns, profiling::now_ns()});
  }
  Device& state = device_state(device);
  if (task.info.kind == TaskKind::kKernel) state.kernels.fetch_add(1, std::memory_order_relaxed);
  if (task.info.kind == TaskKind::kMemcpy) state.copies.fetch_add(1, std::memory_order_relaxed);
  return code;
}

// Only the first failure counts: what follows it is likely its consequence.
void Stream::fail_with(const Task& task, uint64_t number, aclError code) {
  const std::string cause = take_recent_message();
  if (failure() != nullptr) return;
  char where[256];
  std::snprintf(where, sizeof(where), "task %llu, %s, on stream %u of device %d failed: ",
                static_cast<unsigned long long>(number), task.info.name, id, device);
  failure_.store(new Failure{code, where + (cause.empty() ? "no details" : cause)},
                 std::memory_order_release);
}

aclError enqueue(aclrtStream handle, std::unique_ptr<Task> task) {
  Stream* stream;
  const aclError error = find_stream(task->info.name, handle, &stream);
  return error == ACL_SUCCESS ? stream->submit(std::move(task)) : error;
}

}  // namespace ascend_emulator
