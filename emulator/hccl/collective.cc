#include "emulator/hccl/collective.h"

#include "emulator/hccl/data_movement.h"

namespace ascend_emulator::hccl {
namespace {

constexpr Extent kNone = Extent::kNone;
constexpr Extent kOne = Extent::kOne;
constexpr Extent kRanks = Extent::kRanks;

// kind, api, task, reduces, rooted, root_sends, root_receives, send, receive, in_place, move
constexpr CollectiveEntry kCollectives[] = {
    {Kind::kAllReduce, "HcclAllReduce", "hcom_allReduce_", true, false, false, false, kOne, kOne,
     true, move_all_reduce},
    {Kind::kBroadcast, "HcclBroadcast", "hcom_broadcast_", false, true, false, false, kOne, kOne,
     true, move_broadcast},
    {Kind::kReduce, "HcclReduce", "hcom_reduce_", true, true, false, true, kOne, kOne, true,
     move_reduce},
    {Kind::kAllGather, "HcclAllGather", "hcom_allGather_", false, false, false, false, kOne, kRanks,
     true, move_all_gather},
    {Kind::kReduceScatter, "HcclReduceScatter", "hcom_reduceScatter_", true, false, false, false,
     kRanks, kOne, true, move_reduce_scatter},
    {Kind::kScatter, "HcclScatter", "hcom_scatter_", false, true, true, false, kRanks, kOne, true,
     move_scatter},
    {Kind::kAlltoAll, "HcclAlltoAll", "hcom_alltoall_", false, false, false, false, kRanks, kRanks,
     false, move_all_to_all},
    {Kind::kAlltoAllV, "HcclAlltoAllV", "hcom_alltoallv_", false, false, false, false, kNone, kNone,
     false, move_all_to_all_v},
    {Kind::kBarrier, "HcclBarrier", "hcom_barrier_", false, false, false, false, kNone, kNone,
     false, move_nothing},
};

bool same(const Operation& a, const Operation& b) {
  return a.kind == b.kind && a.type == b.type && a.op == b.op && a.root == b.root &&
         a.count == b.count;
}

}  // namespace

const CollectiveEntry& collective_entry(Kind kind) {
  return kCollectives[static_cast<size_t>(kind)];
}

std::string describe(const Operation& operation) {
  const CollectiveEntry& entry = collective_entry(operation.kind);
  std::string text = entry.task;
  if (operation.kind == Kind::kBarrier) return text + "()";
  text += "(count=" + std::to_string(operation.count) + ", " + data_type_name(operation.type);
  if (entry.reduces) text += std::string(", ") + reduce_op_name(operation.op);
  if (entry.rooted) text += ", root=" + std::to_string(operation.root);
  return text + ")";
}

Status check_agreement(Communicator& communicator, uint64_t number) {
  const Operation first = communicator.slot(0).operation;
  for (uint32_t rank = 1; rank < communicator.rank_count(); ++rank) {
    const Operation other = communicator.slot(rank).operation;
    if (same(first, other)) continue;
    return failure(HCCL_E_PARA,
                   "communicator %s: the ranks' collectives number %lu do not match: rank 0 (pid "
                   "%d) calls %s, rank %u (pid %d) calls %s",
                   communicator.name().c_str(), number, communicator.slot(0).pid,
                   describe(first).c_str(), rank, communicator.slot(rank).pid,
                   describe(other).c_str());
  }
  return {};
}

}  // namespace ascend_emulator::hccl
