#include "emulator/profiling/session_info.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sstream>

#include "acl/acl_prof.h"
#include "emulator/runtime/soc.h"

namespace ascend_emulator {
inline namespace profiling {
namespace {

// Stamps are nanoseconds, so the counter that readers divide by runs at 1000 MHz.
constexpr const char* kCounterMhz = "1000.0";
constexpr const char* kTiming =
    "measured on the emulator (time of the emulated kernel on this CPU, not of Ascend hardware)";

struct Switch {
  uint64_t mask;
  const char* name;
  bool emulated;
};
constexpr Switch kSwitches[] = {
    {ACL_PROF_ACL_API, "acl_api", true},
    {ACL_PROF_TASK_TIME, "task_time", true},
    {ACL_PROF_TASK_TIME_L0, "task_time_l0", true},
    {ACL_PROF_TASK_TIME_L2, "task_time_l2", true},
    {ACL_PROF_TASK_TIME_L3, "task_time_l3", true},
    {ACL_PROF_RUNTIME_API, "runtime_api", true},
    {ACL_PROF_HCCL_TRACE, "hccl", true},
    {ACL_PROF_AICORE_SHAPE, "aicore_shape", true},
    {ACL_PROF_GE_API_L0, "ge_api_l0", true},
    {ACL_PROF_GE_API_L1, "ge_api_l1", true},
    {ACL_PROF_AICORE_METRICS, "aicore_metrics", false},
    {ACL_PROF_AICPU, "aicpu", false},
    {ACL_PROF_L2CACHE, "l2_cache", false},
    {ACL_PROF_TRAINING_TRACE, "training_trace", false},
    {ACL_PROF_MSPROFTX, "msproftx", false},
    {ACL_PROF_TASK_MEMORY, "task_memory", false},
    {ACL_PROF_OP_ATTR, "op_attr", false},
    {ACL_PROF_API_STATS, "api_stats", false},
};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') out += '\\';
    if (code < 0x20) continue;  // control characters have no place in a name
    out += character;
  }
  return out + '"';
}

std::string joined(const std::vector<int>& devices) {
  std::string out;
  for (const int device : devices) out += (out.empty() ? "" : ",") + std::to_string(device);
  return out;
}

std::string date_of(uint64_t unix_ns) {
  const auto seconds = static_cast<time_t>(unix_ns / 1'000'000'000);
  tm local{};
  localtime_r(&seconds, &local);
  char text[40];
  const size_t length = std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
  std::snprintf(text + length, sizeof(text) - length, ".%06u",
                static_cast<unsigned>(unix_ns / 1000 % 1'000'000));
  return text;
}

std::string collection_json(const char* moment, const ClockSample& clocks) {
  std::ostringstream out;
  out << "{\"collectionTime" << moment << "\": \"" << clocks.unix_ns / 1000
      << "\", \"collectionDate" << moment << "\": \"" << date_of(clocks.unix_ns)
      << "\", \"clockMonotonicRaw\": \"" << clocks.raw_ns << "\"}\n";
  return out.str();
}

std::string device_info(int device) {
  std::ostringstream out;
  out << "{\"id\": " << device << ", \"env_type\": 3, \"hwts_frequency\": \"" << kCounterMhz << '"';
  const Soc& soc = current_soc();
  out << ", \"ai_core_num\": " << soc.cube_cores << ", \"aiv_num\": " << soc.vector_cores
      << ", \"ai_cpu_core_num\": " << soc.ai_cpus << ", \"aic_frequency\": \"" << soc.megahertz
      << "\", \"aiv_frequency\": \"" << soc.megahertz << "\"}";
  return out.str();
}

}  // namespace

std::string start_info(const ClockSample& clocks) { return collection_json("Begin", clocks); }

std::string end_info(const ClockSample& clocks) { return collection_json("End", clocks); }

// The emulated counter (cntvct) is the monotonic clock itself.
std::string start_log(const std::string& section, const ClockSample& clocks) {
  std::ostringstream out;
  out << '[' << section << "]\nclock_monotonic_raw: " << clocks.raw_ns
      << "\ncntvct: " << clocks.raw_ns << "\ncntvct_diff: 0\n";
  return out.str();
}

std::string info_json(const std::vector<int>& devices) {
  utsname system{};
  uname(&system);
  const long cpus = get_nprocs();
  const long memory_kb = sysconf(_SC_PHYS_PAGES) * (sysconf(_SC_PAGESIZE) / 1024);
  const char* rank = std::getenv("RANK");
  std::ostringstream out;
  out << "{\"version\": \"1.0\", \"jobInfo\": \"NA\", \"OS\": "
      << quoted(std::string(system.sysname) + "-" + system.release)
      << ", \"hostname\": " << quoted(system.nodename) << ", \"hwtype\": " << quoted(system.machine)
      << ", \"devices\": \"" << joined(devices)
      << "\", \"platform\": " << quoted(current_soc().name)
      << ", \"platform_version\": \"5\", \"pid\": \"" << getpid()
      << "\", \"pid_name\": " << quoted(program_invocation_short_name)
      << ", \"memoryTotal\": " << memory_kb << ", \"cpuNums\": " << cpus
      << ", \"sysClockFreq\": " << sysconf(_SC_CLK_TCK) << ", \"cpuCores\": " << cpus
      << ", \"netCardNums\": 0, \"netCard\": [], \"rank_id\": " << quoted(rank ? rank : "-1")
      << ", \"timing\": " << quoted(kTiming)
      << ", \"CPU\": [{\"Id\": 0, \"Name\": " << quoted(system.machine) << ", \"Frequency\": \""
      << kCounterMhz << "\", \"Logical_CPU_Count\": " << cpus
      << ", \"Type\": " << quoted(system.machine) << "}], \"DeviceInfo\": [";
  for (size_t i = 0; i < devices.size(); ++i) out << (i ? ", " : "") << device_info(devices[i]);
  out << "]}\n";
  return out.str();
}

std::string sample_json(const std::vector<int>& devices, uint64_t mask) {
  std::ostringstream out;
  out << "{\"devices\": \"" << joined(devices) << "\", \"dataTypeConfig\": " << mask
      << ", \"timing\": " << quoted(kTiming);
  std::string missing;
  for (const Switch& entry : kSwitches) {
    const bool on = (mask & entry.mask) != 0;
    out << ", \"" << entry.name << "\": \"" << (on && entry.emulated ? "on" : "off") << '"';
    if (on && !entry.emulated) missing += (missing.empty() ? "" : ", ") + quoted(entry.name);
  }
  out << ", \"requested_but_not_emulated\": [" << missing << "]}\n";
  return out.str();
}

}  // namespace profiling
}  // namespace ascend_emulator
