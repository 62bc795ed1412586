#include "emulator/profiling/result_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <random>

#include "emulator/profiling/recorder.h"
#include "emulator/profiling/session_info.h"

namespace ascend_emulator {
inline namespace profiling {
namespace {

std::string directory_name(unsigned index) {
  const uint64_t unix_ns = sample_clocks().unix_ns;
  const auto seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  tm local{};
  localtime_r(&seconds, &local);
  char time_text[32];
  std::strftime(time_text, sizeof(time_text), "%Y%m%d%H%M%S", &local);

  std::random_device random;
  char letters[9] = {};
  for (int i = 0; i < 8; ++i) letters[i] = static_cast<char>('A' + random() % 18);  // A to R

  char name[96];
  std::snprintf(name, sizeof(name), "PROF_%06u_%s%03u_%08d%s", index, time_text,
                static_cast<unsigned>(unix_ns / 1'000'000 % 1000), getpid(), letters);
  return name;
}

}  // namespace

ClockSample sample_clocks() {
  timespec unix_time{};
  const uint64_t before = now_ns();
  clock_gettime(CLOCK_REALTIME, &unix_time);
  const uint64_t after = now_ns();
  return {static_cast<uint64_t>(unix_time.tv_sec) * 1'000'000'000 +
              static_cast<uint64_t>(unix_time.tv_nsec),
          before + (after - before) / 2};
}

ResultDirectory::ResultDirectory(const std::string& root, unsigned index) {
  std::error_code code;
  std::filesystem::create_directories(root, code);
  if (code) {
    error_ = "cannot create " + root + ": " + code.message();
    return;
  }
  path_ = root + "/" + directory_name(index);
  make(path_);
  make(path_ + "/host");
  make(path_ + "/host/data");
  if (!error_.empty()) path_.clear();
}

void ResultDirectory::add_device(int device) {
  const std::string directory = path_ + "/device_" + std::to_string(device);
  make(directory);
  make(directory + "/data");
}

void ResultDirectory::write_start(const std::vector<int>& devices, uint64_t mask,
                                  const ClockSample& clocks) {
  write("host/start_info", start_info(clocks));
  write("host/info.json", info_json(devices));
  write("host/sample.json", sample_json(devices, mask));
  write("host/host_start.log", start_log("Host", clocks));
  for (const int device : devices) {
    const std::string id = std::to_string(device);
    const std::string prefix = "device_" + id + "/";
    write(prefix + "start_info." + id, start_info(clocks));
    write(prefix + "info.json." + id, info_json({device}));
    write(prefix + "sample.json", sample_json({device}, mask));
    write(prefix + "host_start.log", start_log("Host", clocks));
    write(prefix + "dev_start.log." + id, start_log("Device", clocks));
  }
}

void ResultDirectory::write_end(const std::vector<int>& devices, const ClockSample& clocks) {
  write("host/end_info", end_info(clocks));
  for (const int device : devices) {
    const std::string id = std::to_string(device);
    write("device_" + id + "/end_info." + id, end_info(clocks));
  }
}

void ResultDirectory::make(const std::string& directory) {
  if (mkdir(directory.c_str(), 0750) == 0 || errno == EEXIST) return;
  error_ = "cannot create " + directory + ": " + std::strerror(errno);
}

void ResultDirectory::write(const std::string& name, const std::string& text) {
  const std::string path = path_ + "/" + name;
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0640);
  const bool written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written) error_ = "cannot write " + path + ": " + std::strerror(errno);
  if (file >= 0) close(file);
}

}  // namespace profiling
}  // namespace ascend_emulator
