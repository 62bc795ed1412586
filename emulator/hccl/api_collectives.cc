#include "emulator/hccl/submit.h"
#include "emulator/profiling/recorder.h"
#include "hccl/hccl.h"

using ascend_emulator::ApiScope;
using ascend_emulator::Level;
using namespace ascend_emulator::hccl;

namespace {

HcclResult call(const CollectiveCall& request, HcclComm comm, aclrtStream stream) {
  ApiScope api(Level::kAcl, collective_entry(request.operation.kind).api);
  ApiScope launch(Level::kNode, "launch");
  return submit(request, comm, stream);
}

// Operations that reduce nothing carry a fixed operation, so that ranks agree on it.
constexpr HcclReduceOp kNoOp = HCCL_REDUCE_SUM;

}  // namespace

HcclResult HcclAllReduce(void* sendBuf, void* recvBuf, uint64_t count, HcclDataType dataType,
                         HcclReduceOp op, HcclComm comm, aclrtStream stream) {
  return call({{Kind::kAllReduce, dataType, op, 0, count}, sendBuf, recvBuf}, comm, stream);
}

HcclResult HcclBroadcast(void* buf, uint64_t count, HcclDataType dataType, uint32_t root,
                         HcclComm comm, aclrtStream stream) {
  return call({{Kind::kBroadcast, dataType, kNoOp, root, count}, buf, buf}, comm, stream);
}

HcclResult HcclReduce(void* sendBuf, void* recvBuf, uint64_t count, HcclDataType dataType,
                      HcclReduceOp op, uint32_t root, HcclComm comm, aclrtStream stream) {
  return call({{Kind::kReduce, dataType, op, root, count}, sendBuf, recvBuf}, comm, stream);
}

HcclResult HcclAllGather(void* sendBuf, void* recvBuf, uint64_t sendCount, HcclDataType dataType,
                         HcclComm comm, aclrtStream stream) {
  return call({{Kind::kAllGather, dataType, kNoOp, 0, sendCount}, sendBuf, recvBuf}, comm, stream);
}

HcclResult HcclReduceScatter(void* sendBuf, void* recvBuf, uint64_t recvCount,
                             HcclDataType dataType, HcclReduceOp op, HcclComm comm,
                             aclrtStream stream) {
  return call({{Kind::kReduceScatter, dataType, op, 0, recvCount}, sendBuf, recvBuf}, comm, stream);
}

HcclResult HcclScatter(void* sendBuf, void* recvBuf, uint64_t recvCount, HcclDataType dataType,
                       uint32_t root, HcclComm comm, aclrtStream stream) {
  return call({{Kind::kScatter, dataType, kNoOp, root, recvCount}, sendBuf, recvBuf}, comm, stream);
}

HcclResult HcclAlltoAll(const void* sendBuf, uint64_t sendCount, HcclDataType sendType,
                        const void* recvBuf, uint64_t recvCount, HcclDataType recvType,
                        HcclComm comm, aclrtStream stream) {
  if (sendCount != recvCount || sendType != recvType) {
    return report(failure(HCCL_E_PARA,
                          "HcclAlltoAll: sends %lu elements of type %d but receives %lu of type %d",
                          sendCount, sendType, recvCount, recvType));
  }
  return call({{Kind::kAlltoAll, sendType, kNoOp, 0, sendCount}, sendBuf, recvBuf}, comm, stream);
}

HcclResult HcclAlltoAllV(const void* sendBuf, const void* sendCounts, const void* sdispls,
                         HcclDataType sendType, const void* recvBuf, const void* recvCounts,
                         const void* rdispls, HcclDataType recvType, HcclComm comm,
                         aclrtStream stream) {
  if (sendType != recvType) {
    return report(failure(HCCL_E_PARA, "HcclAlltoAllV: sends type %d but receives type %d",
                          sendType, recvType));
  }
  return call({{Kind::kAlltoAllV, sendType, kNoOp, 0, 0},
               sendBuf,
               recvBuf,
               static_cast<const uint64_t*>(sendCounts),
               static_cast<const uint64_t*>(recvCounts),
               static_cast<const uint64_t*>(sdispls),
               static_cast<const uint64_t*>(rdispls)},
              comm, stream);
}

HcclResult HcclBarrier(HcclComm comm, aclrtStream stream) {
  return call({{Kind::kBarrier, HCCL_DATA_TYPE_INT8, kNoOp, 0, 0}}, comm, stream);
}

HcclResult HcclSend(void* sendBuf, uint64_t count, HcclDataType dataType, uint32_t destRank,
                    HcclComm comm, aclrtStream stream) {
  ApiScope api(Level::kAcl, "HcclSend");
  ApiScope launch(Level::kNode, "launch");
  return submit_message(true, sendBuf, count, dataType, destRank, comm, stream);
}

HcclResult HcclRecv(void* recvBuf, uint64_t count, HcclDataType dataType, uint32_t srcRank,
                    HcclComm comm, aclrtStream stream) {
  ApiScope api(Level::kAcl, "HcclRecv");
  ApiScope launch(Level::kNode, "launch");
  return submit_message(false, recvBuf, count, dataType, srcRank, comm, stream);
}
