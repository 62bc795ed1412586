// libhcomm.so: HCCL's grouping of calls.
#include "emulator/hccl/group.h"
#include "hccl/hccl.h"

HcclResult HcclGroupStart() {
  ascend_emulator::hccl::group_start();
  return HCCL_SUCCESS;
}

HcclResult HcclGroupEnd() {
  return ascend_emulator::hccl::report(ascend_emulator::hccl::group_end());
}
