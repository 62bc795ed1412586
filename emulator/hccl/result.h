#pragma once

#include <string>

#include "acl/acl_base.h"
#include "emulator/runtime/export.h"
#include "hccl/hccl_types.h"

namespace ascend_emulator::hccl {

// One row per HcclResult: what HcclGetErrorString says, and the code with which a stream fails when
// the error comes from a task.
struct ResultEntry {
  HcclResult code;
  aclError stream_error;
  const char* text;
};

const ResultEntry& result_entry(HcclResult code);

// A result with the words that belong to it; success by default.
struct Status {
  HcclResult code = HCCL_SUCCESS;
  std::string text;

  bool ok() const { return code == HCCL_SUCCESS; }
};

Status failure(HcclResult code, const char* format, ...) __attribute__((format(printf, 2, 3)));

// Leaves the status's text as the calling thread's recent message; returns the status's code.
EMULATOR_API HcclResult report(const Status& status);

// The same for a task: returns the code with which its stream fails.
aclError report_to_stream(const Status& status);

}  // namespace ascend_emulator::hccl

#define HCCL_RETURN_IF_FAILED(expression)                                                   \
  do {                                                                                      \
    if (::ascend_emulator::hccl::Status status = (expression); !status.ok()) return status; \
  } while (false)
