#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <ctime>

namespace ascend_emulator {

// A point in time on CLOCK_MONOTONIC, or never.
class Deadline {
 public:
  static Deadline never() { return {}; }

  // CANN's convention: milliseconds from now, negative for never.
  static Deadline after(int64_t milliseconds) {
    if (milliseconds < 0) return never();
    Deadline deadline;
    deadline.bounded_ = true;
    clock_gettime(CLOCK_MONOTONIC, &deadline.when_);
    deadline.when_.tv_sec += milliseconds / 1000;
    deadline.when_.tv_nsec += milliseconds % 1000 * 1'000'000;
    if (deadline.when_.tv_nsec >= 1'000'000'000) {
      deadline.when_.tv_nsec -= 1'000'000'000;
      ++deadline.when_.tv_sec;
    }
    return deadline;
  }

  const timespec* when() const { return bounded_ ? &when_ : nullptr; }

  bool passed() const {
    if (!bounded_) return false;
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec != when_.tv_sec ? now.tv_sec > when_.tv_sec : now.tv_nsec >= when_.tv_nsec;
  }

 private:
  bool bounded_ = false;
  timespec when_{};
};

// Sleeps while `word` holds `expected`. May return early: callers re-check what they wait for.
inline void futex_wait(const std::atomic<uint32_t>& word, uint32_t expected,
                       const Deadline& deadline = Deadline::never()) {
  syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline.when(), nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

inline void futex_wake_all(const std::atomic<uint32_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

}  // namespace ascend_emulator
