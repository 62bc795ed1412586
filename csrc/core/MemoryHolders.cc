#include "csrc/core/MemoryHolders.h"

#include <array>
#include <atomic>
#include <mutex>
#include <vector>

#include "csrc/core/Macros.h"

namespace c10_npu {
namespace {

struct Counters {
  std::atomic<int64_t> workspace{0};
  std::atomic<int64_t> hccl{0};
};
std::array<Counters, kMaxDevices> counters;

size_t bytes(const std::atomic<int64_t>& counter) {
  return static_cast<size_t>(std::max<int64_t>(counter.load(), 0));
}

struct Observers {
  std::mutex mutex;
  std::vector<OutOfMemoryObserver> all;
};

Observers& observers() {
  static Observers& instance = *new Observers;
  return instance;
}

}  // namespace

MemoryHolders memory_holders(c10::DeviceIndex device) noexcept {
  const Counters& held = counters[device];
  return {bytes(held.workspace), bytes(held.hccl)};
}

void count_workspace(c10::DeviceIndex device, int64_t change) noexcept {
  counters[device].workspace += change;
}

void count_hccl(c10::DeviceIndex device, int64_t change) noexcept {
  counters[device].hccl += change;
}

void attach_out_of_memory_observer(OutOfMemoryObserver observer) {
  const std::lock_guard lock(observers().mutex);
  observers().all.push_back(std::move(observer));
}

void notify_out_of_memory(c10::DeviceIndex device, size_t requested, size_t total, size_t free) {
  const std::lock_guard lock(observers().mutex);
  for (const OutOfMemoryObserver& observer : observers().all) {
    observer(device, requested, total, free);
  }
}

}  // namespace c10_npu
