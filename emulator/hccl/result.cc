#include "emulator/hccl/result.h"

#include <cstdarg>
#include <cstdio>

#include "emulator/runtime/error.h"

namespace ascend_emulator::hccl {
namespace {

constexpr aclError kGeneral = ACL_ERROR_RT_INTERNAL_ERROR;

constexpr ResultEntry kResults[] = {
    {HCCL_SUCCESS, ACL_SUCCESS, "no error"},
    {HCCL_E_PARA, ACL_ERROR_RT_FFTS_PLUS_EXCEPTION, "parameter error"},
    {HCCL_E_PTR, ACL_ERROR_RT_PARAM_INVALID, "null pointer"},
    {HCCL_E_MEMORY, ACL_ERROR_RT_MEMORY_ALLOCATION, "memory error"},
    {HCCL_E_INTERNAL, kGeneral, "internal error"},
    {HCCL_E_NOT_SUPPORT, ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "feature not supported"},
    {HCCL_E_NOT_FOUND, kGeneral, "resource not found"},
    {HCCL_E_UNAVAIL, kGeneral, "resource unavailable"},
    {HCCL_E_SYSCALL, kGeneral, "system call failed"},
    {HCCL_E_TIMEOUT, ACL_ERROR_RT_FFTS_PLUS_TIMEOUT, "timeout"},
    {HCCL_E_OPEN_FILE_FAILURE, kGeneral, "opening a file failed"},
    {HCCL_E_TCP_CONNECT, ACL_ERROR_RT_LINK_ERROR, "connecting to a peer failed"},
    {HCCL_E_ROCE_CONNECT, ACL_ERROR_RT_LINK_ERROR, "connecting over RoCE failed"},
    {HCCL_E_TCP_TRANSFER, ACL_ERROR_RT_LINK_ERROR, "transfer to a peer failed"},
    {HCCL_E_ROCE_TRANSFER, ACL_ERROR_RT_LINK_ERROR, "transfer over RoCE failed"},
    {HCCL_E_RUNTIME, kGeneral, "a runtime call failed"},
    {HCCL_E_DRV, kGeneral, "a driver call failed"},
    {HCCL_E_PROFILING, kGeneral, "a profiling call failed"},
    {HCCL_E_CCE, kGeneral, "a CCE call failed"},
    {HCCL_E_NETWORK, ACL_ERROR_RT_LINK_ERROR, "a network call failed"},
    {HCCL_E_AGAIN, kGeneral, "try again"},
    {HCCL_E_REMOTE, ACL_ERROR_RT_SUSPECT_REMOTE_ERROR, "a remote rank failed"},
    {HCCL_E_SUSPENDING, ACL_ERROR_RT_STREAM_ABORT, "the communicator is suspended"},
    {HCCL_E_OPRETRY_FAIL, ACL_ERROR_RT_LINK_ERROR, "retrying an operation failed"},
    {HCCL_E_OOM, ACL_ERROR_RT_MEMORY_ALLOCATION, "out of memory"},
};

constexpr ResultEntry kUnknown = {HCCL_E_INTERNAL, kGeneral, "unknown error"};

}  // namespace

const ResultEntry& result_entry(HcclResult code) {
  for (const ResultEntry& entry : kResults) {
    if (entry.code == code) return entry;
  }
  return kUnknown;
}

Status failure(HcclResult code, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  return {code, text};
}

HcclResult report(const Status& status) {
  report_to_stream(status);
  return status.code;
}

aclError report_to_stream(const Status& status) {
  if (status.ok()) return ACL_SUCCESS;
  const ResultEntry& entry = result_entry(status.code);
  return fail(entry.stream_error, "HCCL: %s (%s).", status.text.c_str(), entry.text);
}

}  // namespace ascend_emulator::hccl
