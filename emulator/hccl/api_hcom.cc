#include "emulator/hccl/handle.h"
#include "emulator/hccl/hcom.h"
#include "emulator/profiling/recorder.h"

using namespace ascend_emulator::hccl;

HcclResult HcomGetCommHandleByGroup(const char* group, HcclComm* commHandle) {
  if (group == nullptr || commHandle == nullptr) {
    return report(failure(HCCL_E_PTR, "HcomGetCommHandleByGroup: null pointer"));
  }
  *commHandle = Handle::find(group);
  if (*commHandle != nullptr) return HCCL_SUCCESS;
  return report(failure(
      HCCL_E_PARA, "HcomGetCommHandleByGroup: this process has no communicator called %s", group));
}
