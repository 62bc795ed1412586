#pragma once

#include <memory>

#include "emulator/hccl/collective_task.h"
#include "emulator/hccl/message_task.h"

// From the arguments of an Hccl function to a task on the client's stream: every check that can be
// made on the host.
namespace ascend_emulator::hccl {

struct CollectiveCall {
  Operation operation;
  const void* send = nullptr;
  const void* receive = nullptr;
  // kAlltoAllV, elements, one per rank.
  const uint64_t* send_counts = nullptr;
  const uint64_t* receive_counts = nullptr;
  const uint64_t* send_offsets = nullptr;
  const uint64_t* receive_offsets = nullptr;
};

HcclResult submit(const CollectiveCall& call, HcclComm client, aclrtStream stream);

HcclResult submit_message(bool sends, const void* buffer, uint64_t count, HcclDataType type,
                          uint32_t peer, HcclComm client, aclrtStream stream);

}  // namespace ascend_emulator::hccl
