// Layouts of CANN's structs, as measured on CANN's own headers (x86-64, g++).
#include <cstddef>

#include "acl/acl.h"
#include "hccl/hccl_types.h"

static_assert(sizeof(HcclRootInfo) == 4108);
static_assert(sizeof(HcclSendRecvItem) == 32);
static_assert(offsetof(HcclSendRecvItem, count) == 16);
static_assert(sizeof(HcclCommConfig) == 2240);
static_assert(offsetof(HcclCommConfig, hcclBufferSize) == 24);
static_assert(offsetof(HcclCommConfig, hcclCommName) == 32);
static_assert(offsetof(HcclCommConfig, hcclOpExpansionMode) == 288);
static_assert(offsetof(HcclCommConfig, hcclJobID) == 304);
static_assert(offsetof(HcclCommConfig, hcclExecTimeOut) == 316);
static_assert(offsetof(HcclCommConfig, hcclAlgo) == 320);
static_assert(offsetof(HcclCommConfig, hcclRetryEnable) == 1920);
static_assert(offsetof(HcclCommConfig, hcclBufferName) == 2098);
static_assert(offsetof(HcclCommConfig, hcclQos) == 2228);
static_assert(offsetof(HcclCommConfig, hcclSymWinMaxMemSizePerRank) == 2232);
static_assert(sizeof(aclCANNPackageVersion) == 512);
static_assert(sizeof(aclrtPtrAttributes) == 28);
static_assert(sizeof(aclrtPhysicalMemProp) == 32);
static_assert(offsetof(aclrtPhysicalMemProp, location) == 12);
static_assert(offsetof(aclrtPhysicalMemProp, reserve) == 24);
static_assert(sizeof(aclrtIpcEventHandle) == 64);
static_assert(ACL_MEM_P2P_HUGE1G == 17);

int main() { return 0; }
