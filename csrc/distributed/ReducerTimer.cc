// What PyTorch's own DDP reducer asks of a device: a clock for its statistics.
#include <array>
#include <optional>
#include <torch/csrc/distributed/c10d/reducer_timer.hpp>

#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUGuard.h"

namespace c10d_npu {
namespace {

constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
constexpr size_t kEvents = static_cast<size_t>(c10d::Timer::Event::kBackwardCommEnd) + 1;

class ReducerTimer final : public c10d::Timer {
 public:
  explicit ReducerTimer(c10::Device device) : device_(device) {}

  void record(Event event) override {
    Timer::record(event);
    c10_npu::NPUEvent& marker =
        events_[static_cast<size_t>(event)].emplace(c10_npu::event::Kind::kTiming);
    marker.record(c10_npu::getCurrentNPUStream(device_.index()));
  }

  std::optional<int64_t> measureDifference(Event start, Event end) override {
    const auto& first = events_[static_cast<size_t>(start)];
    const auto& last = events_[static_cast<size_t>(end)];
    if (!first || !last) return std::nullopt;
    const c10_npu::NPUGuard guard(device_);
    first->synchronize();
    last->synchronize();
    const float milliseconds = first->elapsed_time(*last);
    // The statistics are those of one iteration: events recorded out of order belong to two.
    if (milliseconds < 0) return std::nullopt;
    return static_cast<int64_t>(milliseconds * kNanosecondsPerMillisecond);
  }

 private:
  const c10::Device device_;
  std::array<std::optional<c10_npu::NPUEvent>, kEvents> events_;
};

}  // namespace
}  // namespace c10d_npu

namespace c10d {
C10_REGISTER_TYPED_CLASS(TimerRegistry, c10_npu::kNPU, c10d_npu::ReducerTimer)
}  // namespace c10d
