#include "emulator/hccl/collective_task.h"

#include <algorithm>

namespace ascend_emulator::hccl {

CollectiveTask::CollectiveTask(std::shared_ptr<Communicator> communicator, uint64_t number,
                               Contribution contribution)
    : communicator_(std::move(communicator)),
      number_(number),
      contribution_(std::move(contribution)) {
  const Operation& operation = contribution_.operation;
  info.name = collective_entry(operation.kind).task;
  info.type = info.name;
  info.engine = "COMMUNICATION";
  info.kind = TaskKind::kCollective;
  info.bytes = operation.count * find_data_type(operation.type)->size;
}

// A stream that failed drops its tasks: without this the peers would wait until their timeout.
CollectiveTask::~CollectiveTask() {
  if (started_) return;
  communicator_->fail(failure(
      HCCL_E_REMOTE, "communicator %s: rank %u (pid %d) dropped %s number %lu: its stream failed",
      communicator_->name().c_str(), communicator_->rank(), communicator_->self().pid, info.name,
      number_));
}

aclError CollectiveTask::run() {
  started_ = true;
  const Status status = execute();
  return report_to_stream(status.ok() ? status : communicator_->fail(status));
}

Status CollectiveTask::execute() {
  Communicator& communicator = *communicator_;
  const Operation operation = contribution_.operation;
  const Deadline deadline = communicator.execution_deadline();
  HCCL_RETURN_IF_FAILED(communicator.current_failure());
  // Collectives of one rank on several streams run in the order in which they were submitted.
  const RankSet own = rank_bit(communicator.rank());
  HCCL_RETURN_IF_FAILED(wait_for(&RankSlot::passed, own, deadline, number_ - 1));
  announce();
  const RankSet all = communicator.all_ranks();
  HCCL_RETURN_IF_FAILED(wait_for(&RankSlot::posted, all, deadline, number_));
  HCCL_RETURN_IF_FAILED(check_agreement(communicator, number_));
  HCCL_RETURN_IF_FAILED(collective_entry(operation.kind).move(communicator, operation));
  communicator.self().finished.store(number_, std::memory_order_release);
  communicator.control().announce();
  HCCL_RETURN_IF_FAILED(wait_for(&RankSlot::finished, all, deadline, number_));
  // Only now may this rank's slot be overwritten for the next collective.
  communicator.self().passed.store(number_, std::memory_order_release);
  communicator.control().announce();
  return {};
}

void CollectiveTask::announce() {
  RankSlot& self = communicator_->self();
  self.operation = contribution_.operation;
  self.send_offset = contribution_.send_offset;
  self.receive_offset = contribution_.receive_offset;
  const uint64_t* field = contribution_.layout.data();
  if (!contribution_.layout.empty()) {
    for (uint64_t* target :
         {self.send_counts, self.receive_counts, self.send_offsets, self.receive_offsets}) {
      std::copy_n(field, communicator_->rank_count(), target);
      field += communicator_->rank_count();
    }
  }
  self.posted.store(number_, std::memory_order_release);
  communicator_->control().announce();
}

Status CollectiveTask::wait_for(std::atomic<uint64_t> RankSlot::* progress, RankSet ranks,
                                const Deadline& deadline, uint64_t reached) {
  Communicator& communicator = *communicator_;
  while (true) {
    const uint32_t seen = communicator.control().epoch.load(std::memory_order_seq_cst);
    RankSet behind = 0;
    for (uint32_t rank = 0; rank < communicator.rank_count(); ++rank) {
      const auto& counter = communicator.slot(rank).*progress;
      if ((ranks & rank_bit(rank)) != 0 && counter.load(std::memory_order_acquire) < reached) {
        behind |= rank_bit(rank);
      }
    }
    if (behind == 0) return {};
    const std::string purpose =
        describe(contribution_.operation) + " number " + std::to_string(number_);
    HCCL_RETURN_IF_FAILED(communicator.wait_for_change(seen, behind, deadline, purpose));
  }
}

}  // namespace ascend_emulator::hccl
