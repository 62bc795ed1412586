#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ascend_emulator {
inline namespace profiling {

// The same moment on both clocks; readers compute Unix time = raw + (unix - raw).
struct ClockSample {
  uint64_t unix_ns;
  uint64_t raw_ns;
};
ClockSample sample_clocks();

// PROF_{index}_{time}_{pid}{letters} with its files that describe the session.
class ResultDirectory {
 public:
  // Creates `root` (and what leads to it) and the directory. On failure path() is "" and error()
  // says why.
  ResultDirectory(const std::string& root, unsigned index);

  // Adds device_{id} unless it is there.
  void add_device(int device);

  // start_info, info.json, sample.json, host_start.log / dev_start.log of host and devices.
  void write_start(const std::vector<int>& devices, uint64_t mask, const ClockSample& clocks);
  void write_end(const std::vector<int>& devices, const ClockSample& clocks);

  const std::string& path() const { return path_; }
  const std::string& error() const { return error_; }

 private:
  void make(const std::string& directory);
  void write(const std::string& name, const std::string& text);

  std::string path_;
  std::string error_;
};

}  // namespace profiling
}  // namespace ascend_emulator
