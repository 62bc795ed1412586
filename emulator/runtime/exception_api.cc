#include <atomic>

#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/exception.h"

namespace {

std::atomic<aclrtExceptionInfoCallback> callback{nullptr};

uint32_t get(const aclrtExceptionInfo* info, uint32_t aclrtExceptionInfo::* field) {
  return info == nullptr ? UINT32_MAX : info->*field;
}

}  // namespace

void ascend_emulator::tell_of_exception(rtExceptionInfo info) {
  if (const auto function = callback.load(std::memory_order_acquire)) function(&info);
}

aclError aclrtSetExceptionInfoCallback(aclrtExceptionInfoCallback function) {
  ACL_API_SCOPE(aclrtSetExceptionInfoCallback);
  callback.store(function, std::memory_order_release);
  return ACL_SUCCESS;
}

uint32_t aclrtGetTaskIdFromExceptionInfo(const aclrtExceptionInfo* info) {
  return get(info, &aclrtExceptionInfo::taskid);
}
uint32_t aclrtGetStreamIdFromExceptionInfo(const aclrtExceptionInfo* info) {
  return get(info, &aclrtExceptionInfo::streamid);
}
uint32_t aclrtGetThreadIdFromExceptionInfo(const aclrtExceptionInfo* info) {
  return get(info, &aclrtExceptionInfo::tid);
}
uint32_t aclrtGetDeviceIdFromExceptionInfo(const aclrtExceptionInfo* info) {
  return get(info, &aclrtExceptionInfo::deviceid);
}
uint32_t aclrtGetErrorCodeFromExceptionInfo(const aclrtExceptionInfo* info) {
  return get(info, &aclrtExceptionInfo::retcode);
}
