#pragma once

#include <string>

#include "emulator/hccl/communicator.h"
#include "emulator/hccl/data_type.h"

namespace ascend_emulator::hccl {

// Elements of a buffer, as a multiple of the operation's count.
enum class Extent : unsigned char { kNone, kOne, kRanks };

// One row per collective: its names, its rules, and what each rank does once all have announced it.
struct CollectiveEntry {
  Kind kind;
  const char* api;   // the C function
  const char* task;  // in profiles and messages
  bool reduces;
  bool rooted;
  bool root_sends, root_receives;  // only the root uses that buffer
  Extent send, receive;
  // Where in the larger buffer a rank's own part lies, if the two may share memory there.
  bool in_place;
  Status (*move)(Communicator& communicator, const Operation& operation);
};

const CollectiveEntry& collective_entry(Kind kind);

inline uint64_t elements(Extent extent, uint64_t count, uint32_t ranks) {
  if (extent == Extent::kNone) return 0;
  return extent == Extent::kOne ? count : count * ranks;
}

// "hcom_allReduce_(count=4, float32, sum)"
std::string describe(const Operation& operation);

// Fails if the ranks' announced operations differ; the same words on every rank.
Status check_agreement(Communicator& communicator, uint64_t number);

}  // namespace ascend_emulator::hccl
