#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emulator/hccl/communicator.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator::hccl {

// One HcclSend or HcclRecv.
struct Message {
  bool sends;
  uint32_t peer;
  HcclDataType type;
  uint64_t count;
  uint64_t offset;      // of the buffer in this rank's arena
  uint64_t number = 0;  // of the messages between the two ranks in this direction
};

// Messages that make progress together: one of them, or all of an HcclGroupStart/End. The receiver
// copies; the sender is done when the message has been taken.
class MessageTask final : public Task {
 public:
  MessageTask(std::shared_ptr<Communicator> communicator, std::vector<Message> messages);
  ~MessageTask() override;

  aclError run() override;

 private:
  enum class Stage : unsigned char { kWaiting, kPosted, kDone };

  Status execute();
  // Advances what can be; `moved` says whether anything did.
  Status advance(size_t index, bool* moved);
  Status advance_send(size_t index, bool* moved);
  Status advance_receive(size_t index, bool* moved);
  RankSet awaited() const;
  std::string purpose() const;

  std::shared_ptr<Communicator> communicator_;
  std::vector<Message> messages_;
  std::vector<Stage> stages_;
  bool started_ = false;
};

}  // namespace ascend_emulator::hccl
