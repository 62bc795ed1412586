#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "emulator/hccl/result.h"

namespace ascend_emulator::hccl {

// A host carries at most 16 devices; 64 lets a set of ranks be one machine word.
constexpr uint32_t kMaxRanks = 64;
using RankSet = uint64_t;
constexpr RankSet rank_bit(uint32_t rank) { return RankSet{1} << rank; }

enum class Kind : uint32_t {
  kAllReduce,
  kBroadcast,
  kReduce,
  kAllGather,
  kReduceScatter,
  kScatter,
  kAlltoAll,
  kAlltoAllV,
  kBarrier,
};

// What a rank asks for; ranks of one collective must agree on it.
struct Operation {
  Kind kind;
  HcclDataType type;
  HcclReduceOp op;
  uint32_t root;
  uint64_t count;
};

enum class RankState : uint32_t { kAbsent, kJoining, kJoined, kReady, kLeft, kFailed };

// What one rank tells the others. Every field but the atomics is written before the atomic that
// announces it: identity before `state`, the posted collective before `posted`, cause before
// kFailed.
struct alignas(64) RankSlot {
  std::atomic<RankState> state;
  std::atomic<uint64_t> posted;    // collectives announced
  std::atomic<uint64_t> finished;  // collectives whose data this rank has moved
  std::atomic<uint64_t> passed;    // collectives that this rank knows all ranks have finished
  int32_t pid;
  int32_t device;           // as the rank's process numbers it,
  int32_t physical_device;  // and as the host does
  uint32_t rank_count;
  char communicator[128];
  char arena[128];
  Operation operation;
  uint64_t send_offset;  // from the start of the rank's arena
  uint64_t receive_offset;
  uint64_t send_counts[kMaxRanks];  // kAlltoAllV: elements for (from) each rank,
  uint64_t receive_counts[kMaxRanks];
  uint64_t send_offsets[kMaxRanks];  // and where they begin
  uint64_t receive_offsets[kMaxRanks];
  HcclResult failure_code;
  char failure_text[768];
};

// Messages from one rank to another, one at a time.
struct alignas(64) Channel {
  std::atomic<uint64_t> posted;
  std::atomic<uint64_t> taken;
  HcclDataType type;
  uint64_t count;
  uint64_t offset;
};

// The memory that the ranks of one communicator share: a memfd, so that it goes with the last of
// them. New pages are zero, which is the initial state of every field.
struct ControlBlock {
  uint64_t layout;              // written by the creator; differs between emulator builds
  std::atomic<uint32_t> epoch;  // grows with every change; ranks sleep on it
  RankSlot ranks[kMaxRanks];
  Channel channels[kMaxRanks][kMaxRanks];  // [source][destination]

  // Tells every sleeper that something has changed.
  void announce();
  // Sleeps until `epoch` is no longer `seen` or the time is over. False: the time is over.
  bool sleep(uint32_t seen, std::chrono::milliseconds longest);
};

static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared between processes");

using SharedControl = std::shared_ptr<ControlBlock>;

// Creates a block; `descriptor` receives its memfd, which the caller closes.
Status create_control_block(int* descriptor);
Status map_control_block(int descriptor, SharedControl* block);

}  // namespace ascend_emulator::hccl
