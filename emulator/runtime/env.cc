#include "emulator/runtime/env.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "emulator/runtime/soc.h"

namespace ascend_emulator {
namespace {

constexpr int64_t kKiB = 1024;
constexpr int64_t kGiB = kKiB * kKiB * kKiB;

struct Setting {
  int64_t Env::* field;
  const char* name;
  const char* meaning;
  int64_t fallback;
  int64_t least;
  int64_t most;
};

// 0 as the fallback of a size: depends on the SoC or on the host, see below.
constexpr Setting kSettings[] = {
    {&Env::devices, "ASCEND_EMULATOR_DEVICES", "number of devices", 8, 0, 64},
    {&Env::device_memory, "ASCEND_EMULATOR_DEVICE_MEMORY", "bytes per device (K, M, G)", 0,
     64 * kKiB * kKiB, 256 * kGiB},
    {&Env::resident_limit, "ASCEND_EMULATOR_RESIDENT_LIMIT",
     "host bytes in use above which freed device pages go back to the host (K, M, G)", 0, 0,
     INT64_MAX},
    {&Env::threads, "ASCEND_EMULATOR_THREADS", "threads that one kernel may use", 1, 1, 1024},
    {&Env::kernel_delay_us, "ASCEND_EMULATOR_KERNEL_DELAY_US", "microseconds added to each kernel",
     0, 0, 3'600'000'000},
    {&Env::spin_us, "ASCEND_EMULATOR_SPIN_US", "microseconds a stream spins before it sleeps", 0, 0,
     1'000'000},
    {&Env::log_level, "ASCEND_GLOBAL_LOG_LEVEL", "lowest level of messages shown", 4, 0, 4},
};
constexpr const char* kSocName = "ASCEND_EMULATOR_SOC";
constexpr const char* kFaultsName = "ASCEND_EMULATOR_FAULTS";
constexpr const char* kVisibleName = "ASCEND_RT_VISIBLE_DEVICES";  // CANN's: "0,3"

// "4096", "64M", "2G". False if the text is no such number or does not fit.
bool parse_number(const char* text, int64_t* value) {
  char* end = nullptr;
  errno = 0;
  const int64_t number = std::strtoll(text, &end, 10);
  if (end == text || errno != 0) return false;
  int64_t unit = 1;
  switch (std::toupper(static_cast<unsigned char>(*end))) {
    case 'K':
      unit = kKiB, ++end;
      break;
    case 'M':
      unit = kKiB * kKiB, ++end;
      break;
    case 'G':
      unit = kGiB, ++end;
      break;
    default:
      break;
  }
  return *end == '\0' && !__builtin_mul_overflow(number, unit, value);
}

int64_t read_setting(const Setting& setting) {
  const char* text = std::getenv(setting.name);
  if (text == nullptr || *text == '\0') return setting.fallback;
  int64_t value = 0;
  if (parse_number(text, &value) && value >= setting.least && value <= setting.most) return value;
  std::fprintf(stderr,
               "ascend_emulator: %s=%s is ignored: %s must be a whole number from %lld to %lld\n",
               setting.name, text, setting.meaning, static_cast<long long>(setting.least),
               static_cast<long long>(setting.most));
  return setting.fallback;
}

std::string read_soc() {
  const char* name = std::getenv(kSocName);
  if (name == nullptr || *name == '\0') return kDefaultSoc;
  if (find_soc(name) != nullptr) return name;
  std::fprintf(stderr, "ascend_emulator: %s=%s is ignored: known are%s\n", kSocName, name,
               soc_names().c_str());
  return kDefaultSoc;
}

// As CANN reads it: the list ends before the first entry that is no free device of the host.
std::vector<int> read_visible_devices(int64_t devices) {
  std::vector<int> visible;
  const char* text = std::getenv(kVisibleName);
  if (text == nullptr) {
    for (int device = 0; device < devices; ++device) visible.push_back(device);
    return visible;
  }
  while (true) {
    char* end = nullptr;
    const long device = std::strtol(text, &end, 10);
    const bool known = end != text && device >= 0 && device < devices;
    if (!known || std::ranges::find(visible, device) != visible.end()) break;
    visible.push_back(static_cast<int>(device));
    if (*end != ',') return visible;
    text = end + 1;
  }
  if (*text != '\0') {
    std::fprintf(stderr,
                 "ascend_emulator: %s is ignored from \"%s\" on: the host has devices 0 to %lld\n",
                 kVisibleName, text, static_cast<long long>(devices - 1));
  }
  return visible;
}

Env read_environment() {
  Env env{};
  for (const Setting& setting : kSettings) env.*setting.field = read_setting(setting);
  env.soc = read_soc();
  const char* faults = std::getenv(kFaultsName);
  env.faults = faults == nullptr ? "" : faults;
  env.visible_devices = read_visible_devices(env.devices);
  if (env.device_memory == 0) env.device_memory = find_soc(env.soc.c_str())->hbm_gib * kGiB;
  if (env.resident_limit == 0) {
    env.resident_limit = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;
  }
  return env;
}

}  // namespace

const Env& env() {
  static const Env& instance = *new Env(read_environment());
  return instance;
}

}  // namespace ascend_emulator
