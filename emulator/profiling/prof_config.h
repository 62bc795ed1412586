#pragma once

#include <cstdint>
#include <vector>

#include "acl/acl_prof.h"

// What the opaque handle of CANN's interface stands for.
struct aclprofConfig {
  std::vector<int> devices;
  aclprofAicoreMetrics metrics;
  uint64_t mask;
};

namespace ascend_emulator {
inline namespace profiling {

constexpr uint32_t kMaxProfiledDevices = 64;

constexpr uint64_t kKnownMasks =
    ACL_PROF_ACL_API | ACL_PROF_TASK_TIME | ACL_PROF_AICORE_METRICS | ACL_PROF_AICPU |
    ACL_PROF_L2CACHE | ACL_PROF_HCCL_TRACE | ACL_PROF_TRAINING_TRACE | ACL_PROF_MSPROFTX |
    ACL_PROF_RUNTIME_API | ACL_PROF_GE_API_L0 | ACL_PROF_TASK_TIME_L0 | ACL_PROF_TASK_MEMORY |
    ACL_PROF_TASK_TIME_L2 | ACL_PROF_OP_ATTR | ACL_PROF_TASK_TIME_L3 | ACL_PROF_GE_API_L1 |
    ACL_PROF_API_STATS | ACL_PROF_AICORE_SHAPE;

}  // namespace profiling
}  // namespace ascend_emulator
