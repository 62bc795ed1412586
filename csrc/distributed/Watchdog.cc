#include "csrc/distributed/Watchdog.h"

#include <cstdio>
#include <cstdlib>
#include <unordered_set>

namespace c10d_npu {
namespace {

constexpr std::chrono::milliseconds kPeriod{1000};
// A group that is being drained is looked at more often.
constexpr std::chrono::milliseconds kDrainPeriod{10};

std::string what(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

Watchdog::Watchdog(c10::intrusive_ptr<c10d::Store> store, int rank, int size,
                   ErrorHandling handling)
    : status_(std::move(store), rank, size), handling_(handling), thread_(&Watchdog::run, this) {}

Watchdog::~Watchdog() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Watchdog::add(std::shared_ptr<CollectiveRecord> record) {
  std::lock_guard lock(mutex_);
  if (!record->id().point_to_point) status_.enqueued(*record);
  in_flight_.push_back(std::move(record));
}

void Watchdog::dismiss() {
  dismissed_ = true;
  std::lock_guard lock(mutex_);
  in_flight_.clear();
}

bool Watchdog::drain(std::chrono::milliseconds timeout) {
  const auto end = CollectiveRecord::Clock::now() + timeout;
  std::unique_lock lock(mutex_);
  while (true) {
    in_flight_.remove_if([](const auto& record) { return record->completed(); });
    if (in_flight_.empty()) return true;
    if (CollectiveRecord::Clock::now() > end) return false;
    changed_.wait_for(lock, kDrainPeriod);
  }
}

Watchdog::Records Watchdog::snapshot() {
  std::lock_guard lock(mutex_);
  return in_flight_;
}

void Watchdog::run() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, kPeriod, [this] { return stopping_; })) return;
    }
    std::unordered_set<const CollectiveRecord*> done;
    for (const auto& record : snapshot()) {
      if (look_at(*record)) done.insert(record.get());
    }
    {
      std::lock_guard lock(mutex_);
      in_flight_.remove_if([&](const auto& record) { return done.contains(record.get()); });
    }
    status_.answer();
  }
}

bool Watchdog::look_at(CollectiveRecord& record) {
  if (!record.completed() && !record.check_communicator()) {
    if (!record.timed_out()) return false;
    record.fail(c10::str("it did not finish within ", record.timeout().count(),
                         " ms (timeout of the process group). ", status_.verdict(record)));
  }
  if (record.failure() != nullptr) {
    handle(record);
  } else if (!record.id().point_to_point) {
    status_.completed(record);
  }
  return true;
}

void Watchdog::handle(CollectiveRecord& record) {
  if (handling_ == ErrorHandling::kNone || dismissed_) return;
  const std::string message = what(record.failure());
  const bool ends = handling_ != ErrorHandling::kCleanUpOnly;
  std::fprintf(stderr, "[rank %d] torch_npu: %s%s\n", status_.rank(), message.c_str(),
               ends ? " Ending the process, as its results can no longer be trusted "
                      "(TORCH_HCCL_ASYNC_ERROR_HANDLING=0 or 2 keeps it)."
                    : "");
  std::fflush(stderr);
  if (handling_ != ErrorHandling::kSkipCleanUp) record.comm().abort(message);
  if (ends) std::abort();
}

}  // namespace c10d_npu
