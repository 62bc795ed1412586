#include "csrc/core/Determinism.h"

#include <c10/util/Exception.h>

#include <atomic>
#include <mutex>

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFunctions.h"

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
  set_option(ACL_OPT_DETERMINISTIC, level >= Determinism::kSameRun);
  set_option(ACL_OPT_STRONG_CONSISTENCY, level >= Determinism::kSameRows);
  current = level;
}

Determinism determinism() noexcept { return current; }

}  // namespace c10_npu
