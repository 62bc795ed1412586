#include "csrc/core/LaunchHistory.h"

#include <c10/core/ScalarType.h>
#include <c10/util/StringUtil.h>

#include <algorithm>
#include <mutex>

namespace c10_npu {
namespace {

constexpr uint64_t kRemembered = 64;
constexpr uint64_t kShown = 5;

struct Launch {
  const char* name;
  aclrtStream stream;
  Shapes shapes;

  std::string text() const { return c10::str(name, "(", shapes.text(), ")"); }
};

struct History {
  std::mutex mutex;  // without contention: launches come from the task queue's thread
  uint64_t count = 0;
  std::array<Launch, kRemembered> launches;

  uint64_t oldest() const { return count < kRemembered ? 0 : count - kRemembered; }
  const Launch& operator[](uint64_t i) const { return launches[i % kRemembered]; }
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

void remember_launch(c10::DeviceIndex device, const char* name, aclrtStream stream,
                     const Shapes& shapes) noexcept {
  History& history = history_of(device);
  const std::lock_guard lock(history.mutex);
  history.launches[history.count++ % kRemembered] = {name, stream, shapes};
}

std::string describe_last_launches(c10::DeviceIndex device, std::string_view cann_text) {
  History& history = history_of(device);
  const std::lock_guard lock(history.mutex);
  if (history.count == 0) return "";
  std::string text;
  for (uint64_t i = history.count; i-- > history.oldest();) {
    if (cann_text.find(history[i].name) == std::string_view::npos) continue;
    text += c10::str("\n  The operator that failed: ", history[i].text());
    break;
  }
  text += c10::str("\n  Last launches on npu:", static_cast<int>(device), ", the latest first:");
  const uint64_t shown = std::min(kShown, history.count - history.oldest());
  for (uint64_t i = history.count; i-- > history.count - shown;) {
    text += c10::str("\n    ", history[i].text(), " on stream ", history[i].stream);
  }
  return text;
}

}  // namespace c10_npu
