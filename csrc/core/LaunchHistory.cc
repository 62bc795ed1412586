#include "csrc/core/LaunchHistory.h"

#include <c10/core/ScalarType.h>
#include <c10/util/StringUtil.h>
#include <torch/csrc/profiler/combined_traceback.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <deque>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/Env.h"
#include "csrc/core/NPUError.h"
#include "third_party/cann/stubs/loader.h"

namespace c10_npu {
namespace {

// More than the task queue and a stream hold, so that what fails is still there.
constexpr uint64_t kRemembered = 8192;
constexpr uint64_t kShown = 5;

std::string text_of(const RememberedLaunch& launch) {
  return c10::str(launch.name, "(", launch.shapes.text(), ")");
}

constexpr uint32_t kUnknownTask = UINT32_MAX;
struct Entry : RememberedLaunch {
  uint32_t task = kUnknownTask;  // its number on the stream; of several tasks, the last one's
};

struct FailedTask {
  uint32_t stream;  // CANN's number
  uint32_t task;
};
constexpr size_t kFailures = 8;

struct History {
  std::mutex mutex;  // without contention: launches come from the task queue's thread
  uint64_t count = 0;
  std::vector<Entry> launches = std::vector<Entry>(kRemembered);
  std::deque<FailedTask> failures;  // the latest first

  uint64_t oldest() const { return count < kRemembered ? 0 : count - kRemembered; }
  const Entry& operator[](uint64_t i) const { return launches[i % kRemembered]; }
};

// Made at a device's first launch, and never destroyed.
std::array<std::atomic<History*>, kMaxDevices> histories{};

History& history_of(c10::DeviceIndex device) {
  History* history = histories[device].load(std::memory_order_acquire);
  if (C10_LIKELY(history != nullptr)) return *history;
  auto* created = new History;
  if (histories[device].compare_exchange_strong(history, created)) return *created;
  delete created;
  return *history;
}

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

// Whether `text` has `name` as a word: aclnnAdd is not named by aclnnAdds.
bool names(std::string_view text, std::string_view name) {
  const auto continues = [&](size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (size_t at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    if (!continues(at + name.size()) && (at == 0 || !continues(at - 1))) return true;
  }
  return false;
}

// CANN's numbers of streams, each asked for once.
class StreamNumbers {
 public:
  bool is(aclrtStream stream, uint32_t number) {
    const auto [known, is_new] = numbers_.try_emplace(stream, -1);
    if (is_new) NPU_CHECK_WARN(aclrtStreamGetId(stream, &known->second));
    return static_cast<uint32_t>(known->second) == number;
  }

 private:
  std::unordered_map<aclrtStream, int32_t> numbers_;
};

// Of the failed task's stream: how many tasks after that one the launch's last task is. Numbers of
// tasks have 16 bits in some versions of CANN.
uint16_t tasks_after(const Entry& launch, const FailedTask& failed) {
  return static_cast<uint16_t>(launch.task - failed.task);
}

// The launches that the failed tasks end.
std::vector<const Entry*> launches_that_failed(const History& history) {
  std::vector<const Entry*> launches;
  StreamNumbers numbers;
  for (const FailedTask& failed : history.failures) {
    for (uint64_t i = history.count; i-- > history.oldest();) {
      if (history[i].task == kUnknownTask || tasks_after(history[i], failed) != 0) continue;
      if (!numbers.is(history[i].stream, failed.stream)) continue;
      launches.push_back(&history[i]);
      break;
    }
  }
  return launches;
}

// The launches that come next on the streams, if what was launched before is remembered, too.
std::vector<const Entry*> launches_after_failures(const History& history) {
  constexpr uint16_t kMostTasks = 64;  // of an operator
  std::vector<const Entry*> launches;
  StreamNumbers numbers;
  for (const FailedTask& failed : history.failures) {
    const Entry* next = nullptr;
    for (uint64_t i = history.count; i-- > history.oldest();) {
      if (history[i].task == kUnknownTask) continue;
      if (!numbers.is(history[i].stream, failed.stream)) continue;
      const uint16_t after = tasks_after(history[i], failed);
      if (after > INT16_MAX) {  // before it
        if (next != nullptr) launches.push_back(next);
        break;
      }
      next = after < kMostTasks ? &history[i] : nullptr;
    }
  }
  return launches;
}

// Calls that differ, of the operators whose names are in the text, the latest first.
std::vector<const Entry*> launches_named_in(const History& history, std::string_view text) {
  std::vector<const Entry*> launches;
  std::set<std::string> calls;
  for (uint64_t i = history.count; i-- > history.oldest() && launches.size() < kShown;) {
    if (names(text, history[i].name) && calls.insert(text_of(history[i])).second) {
      launches.push_back(&history[i]);
    }
  }
  return launches;
}

std::string join_calls(const std::vector<const Entry*>& launches) {
  std::string text;
  for (const Entry* launch : launches) text += (text.empty() ? "" : "; ") + text_of(*launch);
  return text;
}

// CANN's number of the task that this thread put on a stream last.
uint32_t last_task() noexcept {
  static const bool is_offered = cann::has_symbol("aclrtGetThreadLastTaskId");
  uint32_t task = kUnknownTask;
  if (C10_LIKELY(is_offered)) aclrtGetThreadLastTaskId(&task);
  return task;
}

// What failed, as exactly as it is known, and its stack if that is one call.
std::pair<std::string, LaunchStack> describe_failures(const History& history,
                                                      std::string_view cann_text) {
  const auto said = [](const char* one, const char* several,
                       const std::vector<const Entry*>& launches) {
    const bool is_one = launches.size() == 1;
    return std::pair(c10::str("\n  ", is_one ? one : several, join_calls(launches)),
                     is_one ? launches.front()->stack : nullptr);
  };
  if (const auto exact = launches_that_failed(history); !exact.empty()) {
    return said("The operator that failed: ", "Operators that failed: ", exact);
  }
  if (const auto named = launches_named_in(history, cann_text); !named.empty()) {
    return said("The operator that failed: ", "The operator that failed is one of: ", named);
  }
  if (const auto near = launches_after_failures(history); !near.empty()) {
    return said("It happened in this operator or just before: ",
                "It happened in one of these operators or just before: ", near);
  }
  if (!history.failures.empty() && history.oldest() > 0) {
    return {c10::str("\n  The operator that failed is none of the last ", kRemembered,
                     ", which are remembered."),
            nullptr};
  }
  return {"", nullptr};
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
  // A capture has numbers of its own, which say nothing of the graph's runs.
  Entry entry{std::move(launch), capture_underway(device) ? kUnknownTask : last_task()};
  History& history = history_of(device);
  const std::lock_guard lock(history.mutex);
  // Exchanged: a stack that goes may need Python's lock, whose owner may wait for this one.
  std::swap(history.launches[history.count++ % kRemembered], entry);
}

void watch_for_failures() {
  if (!cann::has_symbol("aclrtSetExceptionInfoCallback")) return;
  NPU_CHECK_WARN(aclrtSetExceptionInfoCallback([](aclrtExceptionInfo* info) {
    const uint32_t device = aclrtGetDeviceIdFromExceptionInfo(info);
    if (device >= kMaxDevices) return;
    History& history = history_of(static_cast<c10::DeviceIndex>(device));
    const std::lock_guard lock(history.mutex);
    history.failures.push_front(
        {aclrtGetStreamIdFromExceptionInfo(info), aclrtGetTaskIdFromExceptionInfo(info)});
    if (history.failures.size() > kFailures) history.failures.pop_back();
  }));
}

void forget_failures(c10::DeviceIndex device) {
  History& history = history_of(device);
  const std::lock_guard lock(history.mutex);
  history.failures.clear();
}

std::string describe_last_launches(c10::DeviceIndex device, std::string_view cann_text) {
  History& history = history_of(device);
  std::unique_lock lock(history.mutex);
  if (history.count == 0) return "";
  auto [text, stack] = describe_failures(history, cann_text);
  text += c10::str("\n  Last launches on npu:", static_cast<int>(device), ", the latest first:");
  const uint64_t shown = std::min(kShown, history.count - history.oldest());
  for (uint64_t i = history.count; i-- > history.count - shown;) {
    text += c10::str("\n    ", text_of(history[i]), " on stream ", history[i].stream);
  }
  lock.unlock();
  if (stack) text += "\n  Its last call came from:" + describe_stack(stack);
  return text;
}

}  // namespace c10_npu
