#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "emulator/hccl/config.h"
#include "emulator/hccl/control_block.h"
#include "emulator/hccl/peer_process.h"
#include "emulator/runtime/peer.h"

namespace ascend_emulator::hccl {

struct RootInfo;

// The end of a wait for other ranks, and the variable that set it.
struct Deadline {
  using Clock = std::chrono::steady_clock;

  Deadline(std::chrono::milliseconds allowed, const char* variable);

  std::chrono::milliseconds allowed;
  const char* variable;
  Clock::time_point end;
};

// One rank's side of a communicator. A failure is final: it is told to the other ranks, and every
// later collective fails with the same words.
class Communicator {
 public:
  // Blocks until all ranks have joined.
  static Status join(uint32_t rank_count, const HcclRootInfo& client, uint32_t rank,
                     const Config& config, std::shared_ptr<Communicator>* joined);

  Communicator(uint32_t rank_count, uint32_t rank, int device, SharedControl control);
  ~Communicator();

  uint32_t rank() const { return rank_; }
  uint32_t rank_count() const { return rank_count_; }
  int device() const { return device_; }
  const std::string& name() const { return name_; }
  RankSet all_ranks() const { return everyone_; }

  ControlBlock& control() { return *control_; }
  RankSlot& slot(uint32_t rank) { return control_->ranks[rank]; }
  RankSlot& self() { return slot(rank_); }
  // Address in this process of a byte in the arena of `rank`'s device.
  std::byte* memory(uint32_t rank, uint64_t offset) { return arenas_[rank]->alias() + offset; }

  Deadline execution_deadline() const;

  // Sleeps until the control block changes from epoch `seen`. Fails if one of `awaited` has died,
  // left, or is still awaited at the deadline, or if anybody's part in the communicator failed.
  Status wait_for_change(uint32_t seen, RankSet awaited, const Deadline& deadline,
                         const std::string& purpose);

  // Makes `cause` the communicator's failure unless it has one already; returns what it is.
  Status fail(const Status& cause);
  Status current_failure() const;

  // HcclCommDestroy: ends what is pending and tells the others.
  void leave();

  // Numbers of the next collective and the next message per peer. Held while a task gets its number
  // and its place in a stream, so that both orders agree.
  std::mutex submission;
  uint64_t next_collective = 0;
  std::vector<uint64_t> next_sent, next_received;

 private:
  Status announce_self(const RootInfo& root, const Config& config);
  Status check_agreement();
  Status map_arenas(const Deadline& deadline);
  Status wait_for_state(RankState state, const Deadline& deadline, const char* purpose);
  Status check_peers(RankSet awaited, bool probe, const std::string& purpose);
  std::string describe(uint32_t rank);
  std::string describe(RankSet ranks);

  const uint32_t rank_count_;
  const uint32_t rank_;
  const int device_;
  const RankSet everyone_;
  std::chrono::milliseconds execution_timeout_{};
  std::string name_;
  SharedControl control_;
  std::mutex probe_mutex_;
  std::vector<PeerProcess> processes_;
  std::vector<std::shared_ptr<PeerArena>> arenas_;

  mutable std::mutex failure_mutex_;
  std::atomic<bool> failed_{false};
  Status failure_;
};

}  // namespace ascend_emulator::hccl
