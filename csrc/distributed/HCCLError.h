#pragma once

#include <c10/util/Exception.h>

#include <span>
#include <string>

#include "csrc/core/NPUError.h"
#include "hccl/hccl_types.h"

namespace c10d_npu {

// One row per HcclResult.
std::span<const c10_npu::ErrorEntry> hccl_errors();

// Name, meaning, advice and what HCCL last said on this thread, for a failed `call`.
std::string describe_hccl_error(HcclResult code, const char* call);

// Throws c10::DistBackendError (torch.distributed.DistBackendError).
[[noreturn]] void throw_hccl_error(HcclResult code, const char* call, c10::SourceLocation where);

}  // namespace c10d_npu

#define HCCL_CHECK(call)                                                                    \
  do {                                                                                      \
    const HcclResult hccl_check_code = (call);                                              \
    if (C10_UNLIKELY(hccl_check_code != HCCL_SUCCESS))                                      \
      ::c10d_npu::throw_hccl_error(hccl_check_code, #call, {__func__, __FILE__, __LINE__}); \
  } while (false)
