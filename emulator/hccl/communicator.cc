#include "emulator/hccl/communicator.h"

#include <algorithm>
#include <cstring>

#include "emulator/runtime/process.h"

namespace ascend_emulator::hccl {
namespace {

// How soon a death is noticed: it wakes nobody.
constexpr std::chrono::milliseconds kProbeInterval{100};

template <size_t N>
void copy_text(char (&target)[N], const std::string& text) {
  const size_t length = std::min(text.size(), N - 1);
  std::memcpy(target, text.data(), length);
  target[length] = '\0';
}

}  // namespace

Deadline::Deadline(std::chrono::milliseconds allowed_time, const char* set_by)
    : allowed(allowed_time),
      variable(set_by),
      end(allowed_time.count() == 0 ? Clock::time_point::max() : Clock::now() + allowed_time) {}

Communicator::Communicator(uint32_t rank_count, uint32_t rank, int device, SharedControl control)
    : next_sent(rank_count),
      next_received(rank_count),
      rank_count_(rank_count),
      rank_(rank),
      device_(device),
      everyone_(rank_count == kMaxRanks ? ~RankSet{0} : rank_bit(rank_count) - 1),
      control_(std::move(control)),
      processes_(rank_count),
      arenas_(rank_count) {}

Communicator::~Communicator() { leave(); }

Deadline Communicator::execution_deadline() const {
  return {execution_timeout_, "HCCL_EXEC_TIMEOUT"};
}

Status Communicator::wait_for_change(uint32_t seen, RankSet awaited, const Deadline& deadline,
                                     const std::string& purpose) {
  if (Status status = check_peers(awaited, false, purpose); !status.ok()) return fail(status);
  const auto now = Deadline::Clock::now();
  if (now >= deadline.end) {
    return fail(failure(HCCL_E_TIMEOUT, "communicator %s: rank %u waited %.0f s (%s) in %s for %s",
                        name_.c_str(), rank_,
                        std::chrono::duration<double>(deadline.allowed).count(), deadline.variable,
                        purpose.c_str(), describe(awaited).c_str()));
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::min<Deadline::Clock::duration>(deadline.end - now, kProbeInterval));
  {
    const BlockingRegion waiting;
    if (control_->sleep(seen, left)) return {};
  }
  std::lock_guard lock(probe_mutex_);
  const Status status = check_peers(awaited, true, purpose);
  return status.ok() ? status : fail(status);
}

Status Communicator::check_peers(RankSet awaited, bool probe, const std::string& purpose) {
  if (failed_.load(std::memory_order_acquire)) return current_failure();
  for (uint32_t rank = 0; rank < rank_count_; ++rank) {
    const RankState state = slot(rank).state.load(std::memory_order_acquire);
    if (state == RankState::kFailed) return {slot(rank).failure_code, slot(rank).failure_text};
    if ((awaited & rank_bit(rank)) == 0 || state < RankState::kJoined) continue;
    const bool left = state == RankState::kLeft;
    if (!left && (!probe || processes_[rank].runs(slot(rank).pid))) continue;
    return failure(HCCL_E_REMOTE, "communicator %s: %s cannot complete because %s %s",
                   name_.c_str(), purpose.c_str(), describe(rank).c_str(),
                   left ? "has destroyed its communicator" : "has died");
  }
  return {};
}

Status Communicator::fail(const Status& cause) {
  std::lock_guard lock(failure_mutex_);
  if (failed_.load(std::memory_order_relaxed)) return failure_;
  failure_ = cause;
  failed_.store(true, std::memory_order_release);
  self().failure_code = cause.code;
  copy_text(self().failure_text, cause.text);
  self().state.store(RankState::kFailed, std::memory_order_release);
  control_->announce();
  return failure_;
}

Status Communicator::current_failure() const {
  if (!failed_.load(std::memory_order_acquire)) return {};
  std::lock_guard lock(failure_mutex_);
  return failure_;
}

void Communicator::leave() {
  std::lock_guard lock(failure_mutex_);
  if (failed_.load(std::memory_order_relaxed)) return;
  failure_ =
      failure(HCCL_E_UNAVAIL, "communicator %s: rank %u has destroyed it", name_.c_str(), rank_);
  failed_.store(true, std::memory_order_release);
  self().state.store(RankState::kLeft, std::memory_order_release);
  control_->announce();
}

std::string Communicator::describe(uint32_t rank) {
  RankSlot& peer = slot(rank);
  std::string text = "rank " + std::to_string(rank);
  if (peer.state.load(std::memory_order_acquire) < RankState::kJoined) {
    return text + " (not joined)";
  }
  return text + " (pid " + std::to_string(peer.pid) + ", device " + std::to_string(peer.device) +
         ", finished " + std::to_string(peer.finished.load(std::memory_order_relaxed)) +
         " collectives)";
}

std::string Communicator::describe(RankSet ranks) {
  std::string text;
  for (uint32_t rank = 0; rank < rank_count_; ++rank) {
    if ((ranks & rank_bit(rank)) == 0) continue;
    if (!text.empty()) text += ", ";
    text += describe(rank);
  }
  return text.empty() ? "its own earlier collective on another stream" : text;
}

}  // namespace ascend_emulator::hccl
