#pragma once

#include <memory>
#include <vector>

#include "emulator/hccl/collective.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator::hccl {

// What a rank hands in for a collective.
struct Contribution {
  Operation operation;
  uint64_t send_offset = 0;
  uint64_t receive_offset = 0;
  // kAlltoAllV: send counts, receive counts, send offsets, receive offsets; one per rank each.
  std::vector<uint64_t> layout;
};

// One collective, on a stream of one rank: announce, wait for all, do one's part, wait for all.
class CollectiveTask final : public Task {
 public:
  CollectiveTask(std::shared_ptr<Communicator> communicator, uint64_t number,
                 Contribution contribution);
  ~CollectiveTask() override;

  aclError run() override;

 private:
  Status execute();
  void announce();
  Status wait_for(std::atomic<uint64_t> RankSlot::* progress, RankSet ranks,
                  const Deadline& deadline, uint64_t reached);

  std::shared_ptr<Communicator> communicator_;
  const uint64_t number_;
  Contribution contribution_;
  bool started_ = false;
};

}  // namespace ascend_emulator::hccl
