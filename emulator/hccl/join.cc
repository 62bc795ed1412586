// How a rank enters a communicator: it claims its slot in the control block, waits for the others,
// checks that all of them mean the same communicator, and maps their devices' memory.
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "emulator/hccl/communicator.h"
#include "emulator/hccl/root_info.h"
#include "emulator/runtime/device.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator::hccl {

Status Communicator::join(uint32_t rank_count, const HcclRootInfo& client, uint32_t rank,
                          const Config& config, std::shared_ptr<Communicator>* joined) {
  if (rank_count == 0 || rank_count > kMaxRanks || rank >= rank_count) {
    return failure(HCCL_E_PARA, "rank %u of %u: expected a rank below the count, at most %u ranks",
                   rank, rank_count, kMaxRanks);
  }
  const int device = current_device();
  if (device < 0) {
    return failure(HCCL_E_RUNTIME, "the calling thread has no device: call aclrtSetDevice first");
  }
  const Deadline deadline(config.connect_timeout, "HCCL_CONNECT_TIMEOUT");
  RootInfo root;
  SharedControl control;
  HCCL_RETURN_IF_FAILED(open_root_info(client, config.connect_timeout, &root, &control));
  auto self = std::make_shared<Communicator>(rank_count, rank, device, std::move(control));
  const auto steps = {
      +[](Communicator& c, const Deadline& d) {
        return c.wait_for_state(RankState::kJoined, d, "communicator set-up");
      },
      +[](Communicator& c, const Deadline&) { return c.check_agreement(); },
      +[](Communicator& c, const Deadline& d) { return c.map_arenas(d); },
      +[](Communicator& c, const Deadline& d) {
        c.self().state.store(RankState::kReady, std::memory_order_release);
        c.control().announce();
        return c.wait_for_state(RankState::kReady, d, "communicator set-up");
      },
  };
  HCCL_RETURN_IF_FAILED(self->announce_self(root, config));
  for (const auto step : steps) {
    if (Status status = step(*self, deadline); !status.ok()) return self->fail(status);
  }
  withdraw_root_info(root);
  *joined = std::move(self);
  return {};
}

Status Communicator::announce_self(const RootInfo& root, const Config& config) {
  name_ = config.name.empty() ? root.communicator : config.name;
  execution_timeout_ = config.execution_timeout;
  RankState expected = RankState::kAbsent;
  if (!self().state.compare_exchange_strong(expected, RankState::kJoining)) {
    // The slot is someone else's: this object must not write its state.
    failed_.store(true, std::memory_order_release);
    return failure(HCCL_E_PARA, "communicator %s: %s has joined already; each rank joins once",
                   name_.c_str(), describe(rank_).c_str());
  }
  self().pid = getpid();
  self().device = device_;
  self().physical_device = physical_device(device_);
  self().rank_count = rank_count_;
  std::memcpy(self().communicator, name_.c_str(), name_.size() + 1);
  const std::string arena = export_arena(device_);
  if (arena.empty() || arena.size() >= sizeof(self().arena)) {
    return fail(failure(HCCL_E_MEMORY, "communicator %s: rank %u cannot share device %d: %s",
                        name_.c_str(), rank_, device_, take_recent_message().c_str()));
  }
  std::memcpy(self().arena, arena.c_str(), arena.size() + 1);
  self().state.store(RankState::kJoined, std::memory_order_release);
  control_->announce();
  return {};
}

Status Communicator::wait_for_state(RankState state, const Deadline& deadline,
                                    const char* purpose) {
  while (true) {
    const uint32_t seen = control_->epoch.load(std::memory_order_seq_cst);
    RankSet missing = 0;
    for (uint32_t rank = 0; rank < rank_count_; ++rank) {
      if (slot(rank).state.load(std::memory_order_acquire) < state) missing |= rank_bit(rank);
    }
    if (missing == 0) return check_peers(0, false, purpose);
    // A rank that has joined may die while others are awaited.
    const RankSet watched = state == RankState::kJoined ? everyone_ : missing;
    HCCL_RETURN_IF_FAILED(wait_for_change(seen, watched, deadline, purpose));
  }
}

// Every rank compares all with rank 0, so that all come to the same verdict.
Status Communicator::check_agreement() {
  const RankSlot& first = slot(0);
  for (uint32_t rank = 0; rank < rank_count_; ++rank) {
    const RankSlot& peer = slot(rank);
    if (peer.rank_count != first.rank_count) {
      return failure(HCCL_E_PARA, "communicator %s: rank 0 says %u ranks, rank %u says %u",
                     first.communicator, first.rank_count, rank, peer.rank_count);
    }
    if (std::strcmp(peer.communicator, first.communicator) != 0) {
      return failure(HCCL_E_PARA, "communicator %s of rank 0 is called %s by rank %u",
                     first.communicator, peer.communicator, rank);
    }
    for (uint32_t other = 0; other < rank; ++other) {
      if (slot(other).physical_device != peer.physical_device) continue;
      return failure(HCCL_E_PARA,
                     "communicator %s: %s and %s use the same device; give each rank its own "
                     "(aclrtSetDevice, torch.npu.set_device(local_rank))",
                     first.communicator, describe(other).c_str(), describe(rank).c_str());
    }
  }
  return {};
}

Status Communicator::map_arenas(const Deadline& deadline) {
  for (uint32_t rank = 0; rank < rank_count_; ++rank) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(deadline.end - Deadline::Clock::now(), Deadline::Clock::duration::zero()));
    arenas_[rank] = map_peer(slot(rank).arena, left);
    if (arenas_[rank] != nullptr) continue;
    return failure(HCCL_E_TCP_CONNECT, "communicator %s: rank %u cannot map the memory of %s: %s",
                   name_.c_str(), rank_, describe(rank).c_str(), take_recent_message().c_str());
  }
  return {};
}

}  // namespace ascend_emulator::hccl
