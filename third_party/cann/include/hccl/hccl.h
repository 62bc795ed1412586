// Collectives of the Huawei Collective Communication Library. Each takes effect asynchronously on
// its stream; counts are elements.
#ifndef HCCL_HCCL_H_
#define HCCL_HCCL_H_

#include "acl/acl_base.h"
#include "hccl/hccl_types.h"

CANN_BEGIN_DECLS

CANN_API HcclResult HcclGetRootInfo(HcclRootInfo* rootInfo);
CANN_API HcclResult HcclCommInitRootInfo(uint32_t nRanks, const HcclRootInfo* rootInfo,
                                         uint32_t rank, HcclComm* comm);
CANN_API HcclResult HcclCommInitRootInfoConfig(uint32_t nRanks, const HcclRootInfo* rootInfo,
                                               uint32_t rank, const HcclCommConfig* config,
                                               HcclComm* comm);
CANN_API HcclResult HcclCommDestroy(HcclComm comm);
CANN_API HcclResult HcclGetRankSize(HcclComm comm, uint32_t* rankSize);
CANN_API HcclResult HcclGetRankId(HcclComm comm, uint32_t* rank);
CANN_API HcclResult HcclGetCommName(HcclComm comm, char* commName);
CANN_API HcclResult HcclGetCommAsyncError(HcclComm comm, HcclResult* asyncError);
CANN_API const char* HcclGetErrorString(HcclResult code);
CANN_API uint32_t HcclGetCommConfigCapability();
CANN_API HcclResult HcclSetConfig(HcclConfig config, HcclConfigValue configValue);
CANN_API HcclResult HcclGetConfig(HcclConfig config, HcclConfigValue* configValue);

CANN_API HcclResult HcclAllReduce(void* sendBuf, void* recvBuf, uint64_t count,
                                  HcclDataType dataType, HcclReduceOp op, HcclComm comm,
                                  aclrtStream stream);
CANN_API HcclResult HcclBroadcast(void* buf, uint64_t count, HcclDataType dataType, uint32_t root,
                                  HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclReduce(void* sendBuf, void* recvBuf, uint64_t count, HcclDataType dataType,
                               HcclReduceOp op, uint32_t root, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclAllGather(void* sendBuf, void* recvBuf, uint64_t sendCount,
                                  HcclDataType dataType, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclReduceScatter(void* sendBuf, void* recvBuf, uint64_t recvCount,
                                      HcclDataType dataType, HcclReduceOp op, HcclComm comm,
                                      aclrtStream stream);
CANN_API HcclResult HcclAlltoAll(const void* sendBuf, uint64_t sendCount, HcclDataType sendType,
                                 const void* recvBuf, uint64_t recvCount, HcclDataType recvType,
                                 HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclAlltoAllV(const void* sendBuf, const void* sendCounts, const void* sdispls,
                                  HcclDataType sendType, const void* recvBuf,
                                  const void* recvCounts, const void* rdispls,
                                  HcclDataType recvType, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclScatter(void* sendBuf, void* recvBuf, uint64_t recvCount,
                                HcclDataType dataType, uint32_t root, HcclComm comm,
                                aclrtStream stream);
CANN_API HcclResult HcclSend(void* sendBuf, uint64_t count, HcclDataType dataType,
                             uint32_t destRank, HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclRecv(void* recvBuf, uint64_t count, HcclDataType dataType, uint32_t srcRank,
                             HcclComm comm, aclrtStream stream);
CANN_API HcclResult HcclBarrier(HcclComm comm, aclrtStream stream);

// Sends and receives in between are launched together at the end (libhcomm.so).
CANN_API HcclResult HcclGroupStart();
CANN_API HcclResult HcclGroupEnd();

CANN_END_DECLS

#endif  // HCCL_HCCL_H_
