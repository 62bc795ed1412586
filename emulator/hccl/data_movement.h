#pragma once

#include "emulator/hccl/communicator.h"

// What a rank does for a collective between the moment when all ranks have announced it and the
// moment when all have done their part. Each rank reads and writes the peers' device memory
// directly.
namespace ascend_emulator::hccl {

Status move_all_reduce(Communicator& communicator, const Operation& operation);
Status move_broadcast(Communicator& communicator, const Operation& operation);
Status move_reduce(Communicator& communicator, const Operation& operation);
Status move_all_gather(Communicator& communicator, const Operation& operation);
Status move_reduce_scatter(Communicator& communicator, const Operation& operation);
Status move_scatter(Communicator& communicator, const Operation& operation);
Status move_all_to_all(Communicator& communicator, const Operation& operation);
Status move_all_to_all_v(Communicator& communicator, const Operation& operation);
Status move_nothing(Communicator& communicator, const Operation& operation);

}  // namespace ascend_emulator::hccl
