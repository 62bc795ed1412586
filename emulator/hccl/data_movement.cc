#include "emulator/hccl/data_movement.h"

#include <algorithm>
#include <cstring>

#include "emulator/hccl/data_type.h"
#include "emulator/hccl/reduction.h"

namespace ascend_emulator::hccl {
namespace {

// Ranks share an all-reduce in pieces of whole cache lines.
constexpr uint64_t kLine = 64;

uint64_t element_size(const Operation& operation) { return find_data_type(operation.type)->size; }

std::byte* send_buffer(Communicator& communicator, uint32_t rank) {
  return communicator.memory(rank, communicator.slot(rank).send_offset);
}

std::byte* receive_buffer(Communicator& communicator, uint32_t rank) {
  return communicator.memory(rank, communicator.slot(rank).receive_offset);
}

void move_bytes(std::byte* target, const std::byte* source, uint64_t bytes) {
  if (target != source && bytes != 0) std::memcpy(target, source, bytes);
}

// Reduces elements [begin, begin + count) of everybody's send buffer into `targets`.
void reduce_range(Communicator& communicator, const Operation& operation, uint64_t begin,
                  uint64_t count, std::byte* const* targets, size_t target_count) {
  const DataType& type = *find_data_type(operation.type);
  const std::byte* sources[kMaxRanks];
  for (uint32_t rank = 0; rank < communicator.rank_count(); ++rank) {
    sources[rank] = send_buffer(communicator, rank) + begin * type.size;
  }
  reduce(type.arithmetic, operation.op, sources, communicator.rank_count(), targets, target_count,
         count);
}

struct Piece {
  uint64_t begin, count;
};

Piece own_piece(const Communicator& communicator, const Operation& operation) {
  const uint64_t line = kLine / element_size(operation);
  const uint64_t lines = (operation.count + line - 1) / line;
  const uint64_t begin = lines * communicator.rank() / communicator.rank_count() * line;
  const uint64_t end = lines * (communicator.rank() + 1) / communicator.rank_count() * line;
  return {std::min(begin, operation.count),
          std::min(end, operation.count) - std::min(begin, operation.count)};
}

}  // namespace

Status move_all_reduce(Communicator& communicator, const Operation& operation) {
  const Piece piece = own_piece(communicator, operation);
  std::byte* targets[kMaxRanks];
  for (uint32_t rank = 0; rank < communicator.rank_count(); ++rank) {
    targets[rank] = receive_buffer(communicator, rank) + piece.begin * element_size(operation);
  }
  reduce_range(communicator, operation, piece.begin, piece.count, targets,
               communicator.rank_count());
  return {};
}

Status move_reduce(Communicator& communicator, const Operation& operation) {
  const Piece piece = own_piece(communicator, operation);
  std::byte* target =
      receive_buffer(communicator, operation.root) + piece.begin * element_size(operation);
  reduce_range(communicator, operation, piece.begin, piece.count, &target, 1);
  return {};
}

Status move_reduce_scatter(Communicator& communicator, const Operation& operation) {
  std::byte* target = receive_buffer(communicator, communicator.rank());
  reduce_range(communicator, operation, operation.count * communicator.rank(), operation.count,
               &target, 1);
  return {};
}

Status move_broadcast(Communicator& communicator, const Operation& operation) {
  move_bytes(receive_buffer(communicator, communicator.rank()),
             send_buffer(communicator, operation.root), operation.count * element_size(operation));
  return {};
}

Status move_all_gather(Communicator& communicator, const Operation& operation) {
  const uint64_t bytes = operation.count * element_size(operation);
  std::byte* target = receive_buffer(communicator, communicator.rank());
  for (uint32_t rank = 0; rank < communicator.rank_count(); ++rank) {
    move_bytes(target + rank * bytes, send_buffer(communicator, rank), bytes);
  }
  return {};
}

Status move_scatter(Communicator& communicator, const Operation& operation) {
  const uint64_t bytes = operation.count * element_size(operation);
  move_bytes(receive_buffer(communicator, communicator.rank()),
             send_buffer(communicator, operation.root) + communicator.rank() * bytes, bytes);
  return {};
}

Status move_all_to_all(Communicator& communicator, const Operation& operation) {
  const uint64_t bytes = operation.count * element_size(operation);
  std::byte* target = receive_buffer(communicator, communicator.rank());
  for (uint32_t rank = 0; rank < communicator.rank_count(); ++rank) {
    move_bytes(target + rank * bytes, send_buffer(communicator, rank) + communicator.rank() * bytes,
               bytes);
  }
  return {};
}

Status move_all_to_all_v(Communicator& communicator, const Operation& operation) {
  const uint64_t size = element_size(operation);
  const RankSlot& self = communicator.self();
  std::byte* target = receive_buffer(communicator, communicator.rank());
  for (uint32_t rank = 0; rank < communicator.rank_count(); ++rank) {
    const RankSlot& peer = communicator.slot(rank);
    const uint64_t sent = peer.send_counts[communicator.rank()];
    if (sent != self.receive_counts[rank]) {
      return failure(HCCL_E_PARA,
                     "communicator %s: hcom_alltoallv_: rank %u sends %lu elements to rank %u, "
                     "which expects %lu",
                     communicator.name().c_str(), rank, sent, communicator.rank(),
                     self.receive_counts[rank]);
    }
    move_bytes(target + self.receive_offsets[rank] * size,
               send_buffer(communicator, rank) + peer.send_offsets[communicator.rank()] * size,
               sent * size);
  }
  return {};
}

Status move_nothing(Communicator&, const Operation&) { return {}; }

}  // namespace ascend_emulator::hccl
