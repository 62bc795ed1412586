#pragma once

#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

namespace torch_npu::profiler {

// Writes what threads record to FRAMEWORK/torch.op_range, from a thread of its own.
class EventWriter {
 public:
  // Discards what is left of an earlier session and creates `directory`/torch.op_range.
  explicit EventWriter(const std::string& directory);
  ~EventWriter();
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // Writes the rest. Returns the number of events that were lost; raises if the file could not be
  // written.
  uint64_t finish();

 private:
  void run();
  void drain();
  void join();

  std::string path_;
  FILE* file_;
  int error_ = 0;  // errno of the first failed write
  uint64_t dropped_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace torch_npu::profiler
