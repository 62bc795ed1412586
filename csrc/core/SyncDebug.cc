#include "csrc/core/SyncDebug.h"

#include <c10/util/Exception.h>

#include "csrc/core/Env.h"

namespace c10_npu {

void set_sync_debug_mode(SyncDebugMode mode) {
  const int value = static_cast<int>(mode);
  TORCH_CHECK_VALUE(value >= 0 && value <= 2,
                    "the sync debug mode must be 0 (default), 1 (warn) or 2 (error), got ", value);
  detail::sync_debug_mode = mode;
}

SyncDebugMode sync_debug_mode() noexcept { return detail::sync_debug_mode; }

namespace detail {

void report_synchronization() {
  // Then every operator waits because the user said so; none of them is worth a report.
  if (env::launch_blocking()) return;
  constexpr char kText[] =
      "the host waited for an npu stream here: reading a value (.item(), .cpu(), nonzero) or "
      "Stream.synchronize() does that, and so does a copy without non_blocking=True and pinned "
      "memory";
  TORCH_CHECK(sync_debug_mode != SyncDebugMode::kError, kText,
              ". torch.npu.set_sync_debug_mode(\"error\") makes this an error.");
  TORCH_WARN(kText);
}

}  // namespace detail
}  // namespace c10_npu
