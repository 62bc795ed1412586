#include "emulator/hccl/group.h"

#include <utility>
#include <vector>

#include "emulator/runtime/error.h"
#include "emulator/runtime/stream.h"

namespace ascend_emulator::hccl {
namespace {

struct Batch {
  std::shared_ptr<Communicator> communicator;
  aclrtStream stream;
  std::vector<Message> messages;
};

struct Group {
  int depth = 0;
  std::vector<Batch> batches;
};

thread_local Group group;

Status launch(Batch batch) {
  Communicator& communicator = *batch.communicator;
  std::lock_guard lock(communicator.submission);
  for (Message& message : batch.messages) {
    auto& numbers = message.sends ? communicator.next_sent : communicator.next_received;
    message.number = ++numbers[message.peer];
  }
  auto task = std::make_unique<MessageTask>(batch.communicator, std::move(batch.messages));
  if (enqueue(batch.stream, std::move(task)) == ACL_SUCCESS) return {};
  return failure(HCCL_E_RUNTIME, "the stream takes no task: %s", take_recent_message().c_str());
}

}  // namespace

void group_start() { ++group.depth; }

Status group_end() {
  if (group.depth == 0) return failure(HCCL_E_PARA, "HcclGroupEnd without HcclGroupStart");
  if (--group.depth != 0) return {};
  Status result;
  for (Batch& batch : std::exchange(group.batches, {})) {
    Status status = launch(std::move(batch));
    if (result.ok()) result = std::move(status);
  }
  return result;
}

Status submit_message(std::shared_ptr<Communicator> communicator, const Message& message,
                      aclrtStream stream) {
  if (group.depth == 0) return launch({std::move(communicator), stream, {message}});
  for (Batch& batch : group.batches) {
    if (batch.communicator != communicator || batch.stream != stream) continue;
    batch.messages.push_back(message);
    return {};
  }
  group.batches.push_back({std::move(communicator), stream, {message}});
  return {};
}

}  // namespace ascend_emulator::hccl
