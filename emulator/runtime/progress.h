#pragma once

#include <atomic>
#include <cstdint>

#include "emulator/runtime/futex.h"

namespace ascend_emulator {

// A counter that only grows and that threads can wait for. Advancing costs no system call unless
// somebody waits for a value that has now been reached.
class Progress {
 public:
  bool reached(uint64_t value) const { return value_.load(std::memory_order_acquire) >= value; }

  // One thread at a time; ordered after everything that the caller did before.
  void advance_to(uint64_t value) {
    value_.store(value, std::memory_order_seq_cst);
    if (wake_at_.load(std::memory_order_seq_cst) > value) return;
    wake_at_.store(kNobody, std::memory_order_seq_cst);
    epoch_.fetch_add(1, std::memory_order_seq_cst);
    futex_wake_all(epoch_);
  }

  // False: the deadline passed first.
  bool wait(uint64_t value, const Deadline& deadline) {
    while (!reached(value)) {
      const uint32_t epoch = epoch_.load(std::memory_order_seq_cst);
      announce(value);
      if (value_.load(std::memory_order_seq_cst) >= value) break;
      if (deadline.passed()) return false;
      futex_wait(epoch_, epoch, deadline);
    }
    return true;
  }

 private:
  static constexpr uint64_t kNobody = UINT64_MAX;

  // Every waiter is woken when the earliest awaited value is reached and announces itself anew.
  void announce(uint64_t value) {
    uint64_t earliest = wake_at_.load(std::memory_order_seq_cst);
    while (earliest > value && !wake_at_.compare_exchange_weak(earliest, value)) {
    }
  }

  std::atomic<uint64_t> value_{0};
  std::atomic<uint64_t> wake_at_{kNobody};
  std::atomic<uint32_t> epoch_{0};
};

}  // namespace ascend_emulator
