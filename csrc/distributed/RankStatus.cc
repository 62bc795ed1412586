#include "csrc/distributed/RankStatus.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <sstream>
#include <thread>

namespace c10d_npu {
namespace {

constexpr char kRequest[] = "status_request";
// Three periods of the other ranks' watchdogs.
constexpr std::chrono::milliseconds kPatience{3000};
constexpr std::chrono::milliseconds kPoll{50};
// Asking a store whose host has just ended the same job would fill the log with its complaints.
constexpr std::chrono::milliseconds kQuiet{2000};

struct Progress {
  uint64_t enqueued = 0;
  uint64_t completed = 0;
  std::string last_name;
};

Progress parse(const std::string& text) {
  Progress progress;
  std::istringstream(text) >> progress.enqueued >> progress.completed >> progress.last_name;
  return progress;
}

}  // namespace

RankStatus::RankStatus(c10::intrusive_ptr<c10d::Store> store, int rank, int size)
    : store_(std::move(store)), rank_(rank), size_(size) {}

void RankStatus::enqueued(const CollectiveRecord& record) {
  last_name_.store(record.id().name, std::memory_order_relaxed);
  enqueued_.store(record.id().sequence, std::memory_order_release);
  made_progress();
}

void RankStatus::completed(const CollectiveRecord& record) {
  completed_.store(record.id().sequence, std::memory_order_release);
  made_progress();
}

std::string RankStatus::key(int rank) const { return c10::str("status_", rank); }

void RankStatus::publish() {
  store_->set(key(rank_),
              c10::str(enqueued_.load(), " ", completed_.load(), " ", last_name_.load()));
}

void RankStatus::answer() {
  const auto quiet = CollectiveRecord::Clock::now() - last_progress_.load();
  if (answered_ || quiet < kQuiet) return;
  try {
    if (!store_->check({kRequest})) return;
    publish();
    answered_ = true;
  } catch (const std::exception&) {
    // The store went with its host, which ends this job anyway: nobody is left to ask.
    answered_ = true;
  }
}

std::string RankStatus::verdict(const CollectiveRecord& record) try {
  publish();
  answered_ = true;
  store_->set(kRequest, std::to_string(rank_));
  const auto end = CollectiveRecord::Clock::now() + kPatience;
  std::string text;
  for (int rank = 0; rank < size_; ++rank) {
    while (!store_->check({key(rank)}) && CollectiveRecord::Clock::now() < end) {
      std::this_thread::sleep_for(kPoll);
    }
    if (!store_->check({key(rank)})) {
      text += c10::str(" Rank ", rank, " does not answer: it has ended or hangs.");
      continue;
    }
    const Progress progress = parse(store_->get_to_str(key(rank)));
    if (progress.enqueued >= record.id().sequence) continue;
    text +=
        c10::str(" Rank ", rank, " is missing: its last collective is number ", progress.enqueued,
                 " (", progress.last_name, ", ", progress.completed, " finished).");
  }
  return text.empty() ? "All ranks have called it." : text.substr(1);
} catch (const std::exception& error) {
  return c10::str("The other ranks could not be asked: ", error.what());
}

}  // namespace c10d_npu
