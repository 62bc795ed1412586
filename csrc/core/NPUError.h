#pragma once

#include <c10/util/Exception.h>

#include <span>
#include <string>
#include <string_view>

#include "acl/acl_base.h"

namespace c10_npu {

// One row of an error table: what a code means to the person who sees it.
struct ErrorEntry {
  int code;
  const char* name;
  const char* meaning;
  const char* advice;
  bool retryable;
};

// The ACL table (error_codes.inc). csrc/distributed keeps one of the same shape for HCCL.
std::span<const ErrorEntry> acl_errors();

// nullptr: the table has no such code.
const ErrorEntry* find_error(std::span<const ErrorEntry> table, int code);

// The whole message for a failed `call`: code, name, meaning, advice, what CANN last said on this
// thread, and the symbol that an installed CANN lacks if that is the cause.
std::string describe_error(std::span<const ErrorEntry> table, int code, std::string_view call);

// Throws c10::OutOfMemoryError for an exhausted device, c10::AcceleratorError otherwise.
[[noreturn]] void throw_acl_error(int code, const char* call, c10::SourceLocation where);

// For destructors and noexcept code: warns where NPU_CHECK would throw.
void warn_acl_error(int code, const char* call) noexcept;

}  // namespace c10_npu

#define NPU_CHECK(call)                                                                  \
  do {                                                                                   \
    const int npu_check_code = static_cast<int>(call);                                   \
    if (C10_UNLIKELY(npu_check_code != 0))                                               \
      ::c10_npu::throw_acl_error(npu_check_code, #call, {__func__, __FILE__, __LINE__}); \
  } while (false)

#define NPU_CHECK_WARN(call)                                                                 \
  do {                                                                                       \
    const int npu_check_code = static_cast<int>(call);                                       \
    if (C10_UNLIKELY(npu_check_code != 0)) ::c10_npu::warn_acl_error(npu_check_code, #call); \
  } while (false)
