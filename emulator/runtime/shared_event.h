#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "emulator/runtime/futex.h"

namespace ascend_emulator {

// An event that several processes record and wait for: counters in a memfd that each of them maps.
class SharedEvent {
 public:
  // Null: see the recent message.
  static std::shared_ptr<SharedEvent> create();
  static std::shared_ptr<SharedEvent> open(const std::string& name);
  ~SharedEvent();
  SharedEvent(const SharedEvent&) = delete;
  SharedEvent& operator=(const SharedEvent&) = delete;

  std::string name();  // for open() in another process; empty: see the recent message

  uint64_t announce();             // the number of a new recording
  void complete(uint64_t number);  // also completes those before
  uint64_t latest() const;         // 0: none
  bool reached(uint64_t number) const;

  enum class Result { kReached, kTimeout, kRecorderGone };
  Result wait(uint64_t number, const Deadline& deadline) const;

 private:
  struct Page;
  SharedEvent(int fd, Page* page) : fd_(fd), page_(page) {}
  static std::shared_ptr<SharedEvent> map(int fd);

  const int fd_;
  Page* const page_;
  std::string name_;
};

}  // namespace ascend_emulator
