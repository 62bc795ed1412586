#include "emulator/hccl/message_task.h"

#include <cstring>

#include "emulator/hccl/data_type.h"

namespace ascend_emulator::hccl {
namespace {

uint64_t bytes_of(const Message& message) {
  return message.count * find_data_type(message.type)->size;
}

const char* task_name(const std::vector<Message>& messages) {
  if (messages.size() > 1) return "hcom_batchSendRecv_";
  return messages.front().sends ? "hcom_send_" : "hcom_receive_";
}

}  // namespace

MessageTask::MessageTask(std::shared_ptr<Communicator> communicator, std::vector<Message> messages)
    : communicator_(std::move(communicator)),
      messages_(std::move(messages)),
      stages_(messages_.size(), Stage::kWaiting) {
  info.name = task_name(messages_);
  info.type = info.name;
  info.engine = "COMMUNICATION";
  info.kind = TaskKind::kCollective;
  for (const Message& message : messages_) info.bytes += bytes_of(message);
}

MessageTask::~MessageTask() {
  if (started_) return;
  communicator_->fail(failure(HCCL_E_REMOTE,
                              "communicator %s: rank %u (pid %d) dropped %s: its stream failed",
                              communicator_->name().c_str(), communicator_->rank(),
                              communicator_->self().pid, purpose().c_str()));
}

aclError MessageTask::run() {
  started_ = true;
  const Status status = execute();
  return report_to_stream(status.ok() ? status : communicator_->fail(status));
}

Status MessageTask::execute() {
  const Deadline deadline = communicator_->execution_deadline();
  HCCL_RETURN_IF_FAILED(communicator_->current_failure());
  while (awaited() != 0) {
    const uint32_t seen = communicator_->control().epoch.load(std::memory_order_seq_cst);
    bool moved = false;
    for (size_t index = 0; index < messages_.size(); ++index) {
      HCCL_RETURN_IF_FAILED(advance(index, &moved));
    }
    if (moved) continue;
    HCCL_RETURN_IF_FAILED(communicator_->wait_for_change(seen, awaited(), deadline, purpose()));
  }
  return {};
}

Status MessageTask::advance(size_t index, bool* moved) {
  if (stages_[index] == Stage::kDone) return {};
  return messages_[index].sends ? advance_send(index, moved) : advance_receive(index, moved);
}

Status MessageTask::advance_send(size_t index, bool* moved) {
  const Message& message = messages_[index];
  Channel& channel = communicator_->control().channels[communicator_->rank()][message.peer];
  const uint64_t taken = channel.taken.load(std::memory_order_acquire);
  if (stages_[index] == Stage::kWaiting && taken == message.number - 1) {
    channel.type = message.type;
    channel.count = message.count;
    channel.offset = message.offset;
    channel.posted.store(message.number, std::memory_order_release);
    stages_[index] = Stage::kPosted;
  } else if (stages_[index] == Stage::kPosted && taken >= message.number) {
    stages_[index] = Stage::kDone;
  } else {
    return {};
  }
  communicator_->control().announce();
  *moved = true;
  return {};
}

Status MessageTask::advance_receive(size_t index, bool* moved) {
  const Message& message = messages_[index];
  Channel& channel = communicator_->control().channels[message.peer][communicator_->rank()];
  if (channel.taken.load(std::memory_order_acquire) != message.number - 1 ||
      channel.posted.load(std::memory_order_acquire) < message.number) {
    return {};
  }
  if (channel.count != message.count || channel.type != message.type) {
    return failure(
        HCCL_E_PARA, "communicator %s: rank %u sends %lu %s to rank %u, which expects %lu %s",
        communicator_->name().c_str(), message.peer, channel.count, data_type_name(channel.type),
        communicator_->rank(), message.count, data_type_name(message.type));
  }
  std::memcpy(communicator_->memory(communicator_->rank(), message.offset),
              communicator_->memory(message.peer, channel.offset), bytes_of(message));
  channel.taken.store(message.number, std::memory_order_release);
  stages_[index] = Stage::kDone;
  communicator_->control().announce();
  *moved = true;
  return {};
}

RankSet MessageTask::awaited() const {
  RankSet peers = 0;
  for (size_t index = 0; index < messages_.size(); ++index) {
    if (stages_[index] != Stage::kDone) peers |= rank_bit(messages_[index].peer);
  }
  return peers;
}

std::string MessageTask::purpose() const {
  const Message& first = messages_.front();
  std::string text = task_name(messages_);
  text += first.sends ? "(to rank " : "(from rank ";
  text += std::to_string(first.peer) + ", count=" + std::to_string(first.count) + ", " +
          data_type_name(first.type) + ")";
  if (messages_.size() > 1) text += " and " + std::to_string(messages_.size() - 1) + " more";
  return text;
}

}  // namespace ascend_emulator::hccl
