// What PyTorch's own DDP reducer asks of a device: a clock for its statistics.
#include <array>
#include <memory>
#include <optional>
#include <torch/csrc/distributed/c10d/reducer_timer.hpp>

#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUGuard.h"

namespace c10d_npu {
namespace {

constexpr int64_t kNanosecondsPerMicrosecond = 1'000;
constexpr size_t kEvents = static_cast<size_t>(c10d::Timer::Event::kBackwardCommEnd) + 1;

class ReducerTimer final : public c10d::Timer {
 public:
  explicit ReducerTimer(c10::Device device) : device_(device) {}

  void record(Event event) override {
    Timer::record(event);
    const c10_npu::NPUGuard guard(device_);
    auto& marker = events_[static_cast<size_t>(event)];
    if (marker == nullptr) {
      marker.reset(c10_npu::event::create(device_.index(), c10_npu::event::Kind::kTiming));
    }
    c10_npu::event::record(*marker, c10_npu::getCurrentNPUStream(device_.index()));
  }

  std::optional<int64_t> measureDifference(Event start, Event end) override {
    const auto& first = events_[static_cast<size_t>(start)];
    const auto& last = events_[static_cast<size_t>(end)];
    if (!first || !last) return std::nullopt;
    const c10_npu::NPUGuard guard(device_);
    c10_npu::event::synchronize(*first);
    c10_npu::event::synchronize(*last);
    const uint64_t begin = c10_npu::event::recorded_time(*first);
    const uint64_t finish = c10_npu::event::recorded_time(*last);
    // The statistics are those of one iteration: events recorded out of order belong to two, as
    // those of the static graph's first iteration do, whose end is not recorded.
    if (finish < begin) return std::nullopt;
    return static_cast<int64_t>(finish - begin) * kNanosecondsPerMicrosecond;
  }

 private:
  struct Destroy {
    void operator()(c10_npu::event::Event* event) const { c10_npu::event::destroy(event); }
  };

  const c10::Device device_;
  std::array<std::unique_ptr<c10_npu::event::Event, Destroy>, kEvents> events_;
};

}  // namespace
}  // namespace c10d_npu

namespace c10d {
C10_REGISTER_TYPED_CLASS(TimerRegistry, c10_npu::kNPU, c10d_npu::ReducerTimer)
}  // namespace c10d
