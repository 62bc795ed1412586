#include "emulator/hccl/submit.h"

#include <algorithm>

#include "emulator/hccl/group.h"
#include "emulator/hccl/handle.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/memory.h"
#include "emulator/runtime/peer.h"
#include "emulator/runtime/stream.h"

namespace ascend_emulator::hccl {
namespace {

Status find_communicator(const char* api, HcclComm client, aclrtStream stream,
                         std::shared_ptr<Communicator>* communicator) {
  *communicator = Handle::find(client);
  if (*communicator == nullptr) {
    return failure(client == nullptr ? HCCL_E_PTR : HCCL_E_PARA,
                   "%s: %p is no live communicator (never made, or destroyed)", api, client);
  }
  const int device = stream_device(stream);
  if (stream == nullptr || device < 0) {
    return failure(HCCL_E_PTR, "%s: %p is no live stream", api, stream);
  }
  if (device == (*communicator)->device()) return (*communicator)->current_failure();
  return failure(HCCL_E_PARA, "%s: communicator %s is on device %d, the stream on device %d", api,
                 (*communicator)->name().c_str(), (*communicator)->device(), device);
}

Status check_rank(const char* api, const char* role, uint32_t rank,
                  const Communicator& communicator) {
  if (rank < communicator.rank_count()) return {};
  return failure(HCCL_E_PARA, "%s: %s rank %u, but communicator %s has %u ranks", api, role, rank,
                 communicator.name().c_str(), communicator.rank_count());
}

// Far beyond any device, far below where byte counts wrap around.
constexpr uint64_t kMaxCount = uint64_t{1} << 48;

Status check_count(const char* api, uint64_t count) {
  if (count <= kMaxCount) return {};
  return failure(HCCL_E_PARA, "%s: a count of %lu elements is more than any device holds", api,
                 count);
}

Status check_buffer(const char* api, const char* role, const void* buffer, uint64_t bytes,
                    const DataType& type, int device, uint64_t* offset) {
  if (buffer == nullptr) return failure(HCCL_E_PTR, "%s: the %s buffer is null", api, role);
  if (reinterpret_cast<uintptr_t>(buffer) % type.size != 0) {
    return failure(HCCL_E_PARA, "%s: the %s buffer %p is not aligned to %s (%zu bytes)", api, role,
                   buffer, type.name, type.size);
  }
  DeviceSpan span;
  size_t arena = 0;
  const size_t together = arena_extent(buffer, &arena);
  if (!resolve(buffer, &span) || span.device != device || together == 0) {
    return failure(HCCL_E_PARA, "%s: the %s buffer %p is not in memory of device %d", api, role,
                   buffer, device);
  }
  if (span.size < bytes) {
    return failure(HCCL_E_PARA, "%s: the %s buffer %p needs %lu bytes, its block ends after %zu",
                   api, role, buffer, bytes, span.size);
  }
  if (together < bytes) {
    return failure(HCCL_E_NOT_SUPPORT,
                   "%s: the %s buffer %p lies in several pieces of physical memory, which peers "
                   "cannot read as one: switch expandable segments off",
                   api, role, buffer);
  }
  *offset = arena;
  return {};
}

// Buffers may be one, in the way of MPI's in-place collectives, or apart: anything else would let a
// rank overwrite what another still has to read.
Status check_overlap(const CollectiveEntry& entry, const Contribution& contribution,
                     uint64_t send_bytes, uint64_t receive_bytes, uint32_t rank) {
  const uint64_t send = contribution.send_offset;
  const uint64_t receive = contribution.receive_offset;
  if (send + send_bytes <= receive || receive + receive_bytes <= send) return {};
  const uint64_t own = rank * std::min(send_bytes, receive_bytes);
  const uint64_t own_send = send + (send_bytes > receive_bytes ? own : 0);
  const uint64_t own_receive = receive + (receive_bytes > send_bytes ? own : 0);
  if (entry.in_place && own_send == own_receive) return {};
  return failure(HCCL_E_PARA, "%s: the send and receive buffers overlap by accident (%s)",
                 entry.api,
                 entry.in_place ? "allowed where the smaller is this rank's part of the larger"
                                : "this collective does not work in place");
}

Status check_buffers(const CollectiveEntry& entry, const CollectiveCall& call,
                     Communicator& communicator, Contribution* contribution) {
  const DataType& type = *find_data_type(call.operation.type);
  const uint32_t ranks = communicator.rank_count();
  const bool root = !entry.rooted || call.operation.root == communicator.rank();
  const bool sends = root || !entry.root_sends;
  const bool receives = root || !entry.root_receives;
  const uint64_t send_bytes =
      sends ? elements(entry.send, call.operation.count, ranks) * type.size : 0;
  const uint64_t receive_bytes =
      receives ? elements(entry.receive, call.operation.count, ranks) * type.size : 0;
  if (send_bytes != 0) {
    HCCL_RETURN_IF_FAILED(check_buffer(entry.api, "send", call.send, send_bytes, type,
                                       communicator.device(), &contribution->send_offset));
  }
  if (receive_bytes != 0) {
    HCCL_RETURN_IF_FAILED(check_buffer(entry.api, "receive", call.receive, receive_bytes, type,
                                       communicator.device(), &contribution->receive_offset));
  }
  if (send_bytes == 0 || receive_bytes == 0 || call.operation.kind == Kind::kBroadcast) return {};
  return check_overlap(entry, *contribution, send_bytes, receive_bytes, communicator.rank());
}

Status check_layout(const CollectiveEntry& entry, const CollectiveCall& call,
                    Communicator& communicator, Contribution* contribution) {
  const uint32_t ranks = communicator.rank_count();
  uint64_t send_end = 0;
  uint64_t receive_end = 0;
  for (const uint64_t* field :
       {call.send_counts, call.receive_counts, call.send_offsets, call.receive_offsets}) {
    if (field == nullptr) {
      return failure(HCCL_E_PTR, "%s: an array of counts or displacements is null", entry.api);
    }
    contribution->layout.insert(contribution->layout.end(), field, field + ranks);
  }
  for (const uint64_t value : contribution->layout) {
    HCCL_RETURN_IF_FAILED(check_count(entry.api, value));
  }
  for (uint32_t rank = 0; rank < ranks; ++rank) {
    send_end = std::max(send_end, call.send_counts[rank] + call.send_offsets[rank]);
    receive_end = std::max(receive_end, call.receive_counts[rank] + call.receive_offsets[rank]);
  }
  const DataType& type = *find_data_type(call.operation.type);
  if (send_end != 0) {
    HCCL_RETURN_IF_FAILED(check_buffer(entry.api, "send", call.send, send_end * type.size, type,
                                       communicator.device(), &contribution->send_offset));
  }
  if (receive_end == 0) return {};
  return check_buffer(entry.api, "receive", call.receive, receive_end * type.size, type,
                      communicator.device(), &contribution->receive_offset);
}

Status check(const CollectiveEntry& entry, const CollectiveCall& call, Communicator& communicator,
             Contribution* contribution) {
  const Operation& operation = call.operation;
  if (Status status = entry.reduces ? check_reduction(operation.type, operation.op)
                                    : check_data_type(operation.type);
      !status.ok()) {
    return {status.code, std::string(entry.api) + ": " + status.text};
  }
  HCCL_RETURN_IF_FAILED(check_count(entry.api, operation.count));
  if (entry.rooted) {
    HCCL_RETURN_IF_FAILED(check_rank(entry.api, "root", operation.root, communicator));
  }
  contribution->operation = operation;
  return operation.kind == Kind::kAlltoAllV
             ? check_layout(entry, call, communicator, contribution)
             : check_buffers(entry, call, communicator, contribution);
}

Status launch(std::shared_ptr<Communicator> communicator, Contribution contribution,
              aclrtStream stream) {
  std::lock_guard lock(communicator->submission);
  const uint64_t number = ++communicator->next_collective;
  auto task = std::make_unique<CollectiveTask>(communicator, number, std::move(contribution));
  if (enqueue(stream, std::move(task)) == ACL_SUCCESS) return {};
  return failure(HCCL_E_RUNTIME, "the stream takes no task: %s", take_recent_message().c_str());
}

Status try_submit(const CollectiveCall& call, HcclComm client, aclrtStream stream) {
  const CollectiveEntry& entry = collective_entry(call.operation.kind);
  std::shared_ptr<Communicator> communicator;
  Contribution contribution;
  HCCL_RETURN_IF_FAILED(find_communicator(entry.api, client, stream, &communicator));
  HCCL_RETURN_IF_FAILED(check(entry, call, *communicator, &contribution));
  // HCCL does nothing for an empty collective, not even wait.
  if (entry.send != Extent::kNone && call.operation.count == 0) return {};
  return launch(std::move(communicator), std::move(contribution), stream);
}

Status try_submit_message(Message message, const void* buffer, HcclComm client,
                          aclrtStream stream) {
  const char* api = message.sends ? "HcclSend" : "HcclRecv";
  std::shared_ptr<Communicator> communicator;
  HCCL_RETURN_IF_FAILED(find_communicator(api, client, stream, &communicator));
  HCCL_RETURN_IF_FAILED(check_data_type(message.type));
  HCCL_RETURN_IF_FAILED(check_count(api, message.count));
  HCCL_RETURN_IF_FAILED(
      check_rank(api, message.sends ? "destination" : "source", message.peer, *communicator));
  if (message.count == 0) return {};
  const DataType& type = *find_data_type(message.type);
  HCCL_RETURN_IF_FAILED(check_buffer(api, message.sends ? "send" : "receive", buffer,
                                     message.count * type.size, type, communicator->device(),
                                     &message.offset));
  return submit_message(std::move(communicator), message, stream);
}

}  // namespace

HcclResult submit(const CollectiveCall& call, HcclComm client, aclrtStream stream) {
  return report(try_submit(call, client, stream));
}

HcclResult submit_message(bool sends, const void* buffer, uint64_t count, HcclDataType type,
                          uint32_t peer, HcclComm client, aclrtStream stream) {
  return report(try_submit_message({sends, peer, type, count, 0}, buffer, client, stream));
}

}  // namespace ascend_emulator::hccl
