#include "csrc/core/Determinism.h"

#include <ATen/Context.h>
#include <c10/util/Exception.h>

#include <atomic>
#include <mutex>

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/TaskQueue.h"

namespace c10_npu {
namespace {

std::mutex mutex;
std::atomic<Determinism> current{Determinism::kNone};

void set_option(aclSysParamOpt option, bool value) {
  NPU_CHECK(aclrtSetSysParamOpt(option, value ? 1 : 0));
}

}  // namespace

void set_determinism(Determinism level) {
  TORCH_CHECK_VALUE(level >= Determinism::kNone && level <= Determinism::kSameRows,
                    "the deterministic level must be 0 (off), 1 (same bits for the same call) or 2 "
                    "(also in batches of other sizes), got ",
                    static_cast<int>(level));
  const std::lock_guard lock(mutex);
  if (level == current) return;
  lazy_init();
  // What waits in a queue was called before.
  for (c10::DeviceIndex device = 0; device < kMaxDevices; ++device) drain_tasks(device);
  set_option(ACL_OPT_DETERMINISTIC, level >= Determinism::kSameRun);
  set_option(ACL_OPT_STRONG_CONSISTENCY, level >= Determinism::kSameRows);
  current = level;
}

Determinism determinism() noexcept { return current; }

void follow_deterministic_algorithms() {
  const bool wanted = at::globalContext().deterministicAlgorithms();
  const bool is_on = current.load(std::memory_order_relaxed) != Determinism::kNone;
  if (C10_LIKELY(wanted == is_on)) return;
  set_determinism(wanted ? Determinism::kSameRun : Determinism::kNone);
}

}  // namespace c10_npu
