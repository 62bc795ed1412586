#include "csrc/profiler/device_profiling.h"

#include <c10/util/Exception.h>

#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/profiler/marks.h"

namespace torch_npu::profiler {
namespace {

struct LevelMask {
  const char* level;
  uint64_t mask;
};
constexpr uint64_t kLevel1 =
    ACL_PROF_TASK_TIME | ACL_PROF_ACL_API | ACL_PROF_HCCL_TRACE | ACL_PROF_AICORE_METRICS;
constexpr LevelMask kLevelMasks[] = {
    {"Level_none", 0},
    {"Level0", ACL_PROF_TASK_TIME_L0 | ACL_PROF_ACL_API},
    {"Level1", kLevel1},
    {"Level2", kLevel1 | ACL_PROF_RUNTIME_API | ACL_PROF_AICPU},
};

struct MetricsValue {
  const char* name;
  aclprofAicoreMetrics value;
};
constexpr MetricsValue kMetricsValues[] = {
    {"ACL_AICORE_ARITHMETIC_UTILIZATION", ACL_AICORE_ARITHMETIC_UTILIZATION},
    {"ACL_AICORE_PIPE_UTILIZATION", ACL_AICORE_PIPE_UTILIZATION},
    {"ACL_AICORE_MEMORY_BANDWIDTH", ACL_AICORE_MEMORY_BANDWIDTH},
    {"ACL_AICORE_L0B_AND_WIDTH", ACL_AICORE_L0B_AND_WIDTH},
    {"ACL_AICORE_RESOURCE_CONFLICT_RATIO", ACL_AICORE_RESOURCE_CONFLICT_RATIO},
    {"ACL_AICORE_MEMORY_UB", ACL_AICORE_MEMORY_UB},
    {"ACL_AICORE_L2_CACHE", ACL_AICORE_L2_CACHE},
    {"ACL_AICORE_MEMORY_ACCESS", ACL_AICORE_MEMORY_ACCESS},
    {"ACL_AICORE_NONE", ACL_AICORE_NONE},
};

uint64_t mask_of(const Config& config) {
  for (const LevelMask& entry : kLevelMasks) {
    if (config.level != entry.level) continue;
    uint64_t mask = entry.mask;
    if (config.metrics == "ACL_AICORE_NONE") mask &= ~ACL_PROF_AICORE_METRICS;
    if (config.l2_cache) mask |= ACL_PROF_L2CACHE;
    if (config.op_attr) mask |= ACL_PROF_OP_ATTR;
    if (config.mstx) mask |= ACL_PROF_MSPROFTX;
    return mask;
  }
  TORCH_CHECK_VALUE(false, "Unknown profiler level '", config.level,
                    "'; expected Level_none, Level0, Level1 or Level2");
}

aclprofAicoreMetrics metrics_of(const Config& config) {
  for (const MetricsValue& entry : kMetricsValues) {
    if (config.metrics == entry.name) return entry.value;
  }
  TORCH_CHECK_VALUE(false, "Unknown AI core metrics '", config.metrics,
                    "'; see torch_npu.profiler.AiCMetrics");
}

}  // namespace

DeviceProfiling::DeviceProfiling(const std::string& path) {
  c10_npu::lazy_init();
  NPU_CHECK(aclprofInit(path.c_str(), path.size()));
}

DeviceProfiling::~DeviceProfiling() {
  marks_recorded = false;
  if (running_) NPU_CHECK_WARN(aclprofStop(config_));
  if (config_ != nullptr) NPU_CHECK_WARN(aclprofDestroyConfig(config_));
  NPU_CHECK_WARN(aclprofFinalize());
}

void DeviceProfiling::warmup(const Config& config) {
  create_config(config);
  NPU_CHECK(aclprofWarmup(config_));
}

void DeviceProfiling::start(const Config& config) {
  create_config(config);
  // What was enqueued before belongs to no operator of this session.
  c10_npu::device_synchronize();
  NPU_CHECK(aclprofStart(config_));
  running_ = true;
  marks_recorded = config.mstx;
}

void DeviceProfiling::stop() {
  if (!running_) return;
  marks_recorded = false;
  c10_npu::device_synchronize();
  running_ = false;
  NPU_CHECK(aclprofStop(config_));
}

void DeviceProfiling::create_config(const Config& config) {
  if (config_ != nullptr) return;
  auto device = static_cast<uint32_t>(c10_npu::current_device());
  config_ = aclprofCreateConfig(&device, 1, metrics_of(config), nullptr, mask_of(config));
  TORCH_CHECK(config_ != nullptr,
              c10_npu::describe_error(c10_npu::acl_errors(), ACL_ERROR_INVALID_PARAM,
                                      "aclprofCreateConfig"));
}

}  // namespace torch_npu::profiler
