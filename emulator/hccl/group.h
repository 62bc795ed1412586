#pragma once

#include <memory>

#include "emulator/hccl/message_task.h"
#include "emulator/runtime/export.h"

// HcclGroupStart/End: messages in between are launched together at the end, so that ranks which
// send to each other do not wait for each other. Per thread, nested.
namespace ascend_emulator::hccl {

EMULATOR_API void group_start();
EMULATOR_API Status group_end();

// Launches a message now, or at the end of the calling thread's group.
Status submit_message(std::shared_ptr<Communicator> communicator, const Message& message,
                      aclrtStream stream);

}  // namespace ascend_emulator::hccl
