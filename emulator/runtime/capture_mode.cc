#include <algorithm>

#include "emulator/runtime/capture_state.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

thread_local aclmdlRICaptureMode thread_mode = ACL_MODEL_RI_CAPTURE_MODE_GLOBAL;

// A thread in the global mode minds all strict captures of its context, one in the thread-local
// mode its own only; a thread-local capture concerns the thread that began it.
bool disturbs(const Capture& capture) {
  const bool mine = capture.thread == std::this_thread::get_id();
  const bool global = capture.mode == ACL_MODEL_RI_CAPTURE_MODE_GLOBAL;
  if (capture.mode == ACL_MODEL_RI_CAPTURE_MODE_RELAXED) return false;
  if (&capture.graph.context != current_context()) return false;
  return mine || (global && thread_mode == ACL_MODEL_RI_CAPTURE_MODE_GLOBAL);
}

}  // namespace

aclError check_capture_mode(const char* api, aclError code) {
  if (captures().count.load(std::memory_order_acquire) == 0) return ACL_SUCCESS;
  if (thread_mode == ACL_MODEL_RI_CAPTURE_MODE_RELAXED) return ACL_SUCCESS;
  std::lock_guard lock(captures().mutex);
  const auto capture =
      std::ranges::find_if(captures().active, [](const auto& entry) { return disturbs(*entry); });
  if (capture == captures().active.end()) return ACL_SUCCESS;
  return fail(code,
              "%s: runs at once, while stream %u is being captured: do it before the capture, or "
              "choose the relaxed mode (aclmdlRICaptureThreadExchangeMode)",
              api, (*capture)->origin.id);
}

aclmdlRICaptureMode exchange_capture_mode(aclmdlRICaptureMode mode) {
  return std::exchange(thread_mode, mode);
}

}  // namespace ascend_emulator
