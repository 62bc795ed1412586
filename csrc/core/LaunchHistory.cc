#include "csrc/core/LaunchHistory.h"

#include <c10/core/ScalarType.h>
#include <c10/util/StringUtil.h>
#include <torch/csrc/profiler/combined_traceback.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "csrc/core/Env.h"

namespace c10_npu {
namespace {

constexpr uint64_t kRemembered = 64;
constexpr uint64_t kShown = 5;

std::string text_of(const RememberedLaunch& launch) {
  return c10::str(launch.name, "(", launch.shapes.text(), ")");
}

struct History {
  std::mutex mutex;  // without contention: launches come from the task queue's thread
  uint64_t count = 0;
  std::array<RememberedLaunch, kRemembered> launches;

  uint64_t oldest() const { return count < kRemembered ? 0 : count - kRemembered; }
  const RememberedLaunch& operator[](uint64_t i) const { return launches[i % kRemembered]; }
};

History& history_of(c10::DeviceIndex device) {
  static auto& histories = *new std::array<History, kMaxDevices>;
  return histories[device];
}

}  // namespace

std::string Shapes::text() const {
  std::string text;
  for (int i = 0; i < count_ && i < kTensors; ++i) {
    const Shape& shape = shapes_[i];
    text += c10::str(i == 0 ? "" : ", ", c10::getDtypeNames(shape.dtype).first, "[");
    for (int dim = 0; dim < shape.dims && dim < kDims; ++dim) {
      text += c10::str(dim == 0 ? "" : ", ", shape.sizes[dim]);
    }
    text += shape.dims > kDims ? ", ...]" : "]";
  }
  if (count_ > kTensors) text += c10::str(", and ", count_ - kTensors, " more");
  return text;
}

bool records_stacks() {
  static const bool recorded = env::flag("TORCH_NPU_LAUNCH_STACKS");
  return recorded;
}

LaunchStack gather_stack() {
  return torch::CapturedTraceback::gather(/*python=*/true, /*script=*/false, /*cpp=*/false);
}

void remember_launch(c10::DeviceIndex device, RememberedLaunch launch) noexcept {
  History& history = history_of(device);
  const std::lock_guard lock(history.mutex);
  // Exchanged: a stack that goes may need Python's lock, whose owner may wait for this one.
  std::swap(history.launches[history.count++ % kRemembered], launch);
}

namespace {

// "\n    file:line in function" for each frame, the innermost first.
std::string describe_stack(const LaunchStack& stack) {
  auto* captured = dynamic_cast<torch::CapturedTraceback*>(stack.get());
  if (captured == nullptr) return "";
  const torch::SymbolizedTracebacks names = torch::symbolize({captured});
  std::string text;
  for (const uint64_t index : names.tracebacks.front()) {
    const auto& frame = names.all_frames[index];
    text += c10::str("\n    ", frame.filename, ":", frame.lineno, " in ", frame.funcname);
  }
  return text;
}

}  // namespace

std::string describe_last_launches(c10::DeviceIndex device, std::string_view cann_text) {
  History& history = history_of(device);
  std::unique_lock lock(history.mutex);
  if (history.count == 0) return "";
  std::string text;
  LaunchStack stack;
  for (uint64_t i = history.count; i-- > history.oldest();) {
    if (cann_text.find(history[i].name) == std::string_view::npos) continue;
    text += c10::str("\n  The operator that failed: ", text_of(history[i]));
    stack = history[i].stack;
    break;
  }
  text += c10::str("\n  Last launches on npu:", static_cast<int>(device), ", the latest first:");
  const uint64_t shown = std::min(kShown, history.count - history.oldest());
  for (uint64_t i = history.count; i-- > history.count - shown;) {
    text += c10::str("\n    ", text_of(history[i]), " on stream ", history[i].stream);
  }
  lock.unlock();
  if (stack) text += "\n  It was called from:" + describe_stack(stack);
  return text;
}

}  // namespace c10_npu
