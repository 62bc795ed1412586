// The aclprof* functions of libascendcl: arguments are checked here, order rules in session.cc.
#include "acl/acl_prof.h"

#include <climits>
#include <cstdlib>
#include <string>

#include "emulator/profiling/session.h"
#include "emulator/runtime/device.h"
#include "emulator/runtime/error.h"

namespace {

using namespace ascend_emulator;

constexpr size_t kMaxConfigLength = 256;

// The msprof command line tool drives profiling itself and says so in the environment.
bool driven_by_command_line() {
  return std::getenv("PROFILER_SAMPLECONFIG") != nullptr ||
         std::getenv("PROFILING_MODE") != nullptr;
}

aclError already_run(const char* call) {
  return fail(ACL_ERROR_PROF_ALREADY_RUN,
              "%s: the process runs under the msprof command (PROFILER_SAMPLECONFIG or "
              "PROFILING_MODE is set), which profiles it already",
              call);
}

// "" or what is wrong with the arguments of aclprofCreateConfig.
std::string config_error(const uint32_t* devices, uint32_t count, uint64_t mask) {
  if (count > kMaxProfiledDevices) return "more than 64 devices: " + std::to_string(count);
  if (count != 0 && devices == nullptr) return "deviceIdList is null";
  if (mask == 0) return "dataTypeConfig is 0: nothing to record";
  for (uint32_t i = 0; i < count; ++i) {
    if (devices[i] >= static_cast<uint32_t>(device_count())) {
      return "device " + std::to_string(devices[i]) + " does not exist, there are " +
             std::to_string(device_count());
    }
    for (uint32_t j = 0; j < i; ++j) {
      if (devices[i] == devices[j]) return "device " + std::to_string(devices[i]) + " comes twice";
    }
  }
  return {};
}

}  // namespace

extern "C" {

aclError aclprofInit(const char* profilerResultPath, size_t length) {
  if (driven_by_command_line()) return already_run("aclprofInit");
  if (profilerResultPath == nullptr || length == 0 || length > PATH_MAX) {
    return fail(ACL_ERROR_INVALID_PARAM,
                "aclprofInit: the result path must have 1 to %d characters, got %zu", PATH_MAX,
                profilerResultPath == nullptr ? size_t{0} : length);
  }
  return Session::instance().init(std::string(profilerResultPath, length));
}

aclError aclprofSetConfig(aclprofConfigType configType, const char* config, size_t configLength) {
  if (configType < ACL_PROF_STORAGE_LIMIT || configType > ACL_PROF_PATH || config == nullptr ||
      configLength == 0 || configLength > kMaxConfigLength) {
    return fail(
        ACL_ERROR_INVALID_PARAM,
        "aclprofSetConfig: needs a type from 1 to 16 and a value of 1 to %zu characters; got "
        "type %d, length %zu",
        kMaxConfigLength, static_cast<int>(configType), configLength);
  }
  if (configType != ACL_PROF_PATH) {
    return fail(
        ACL_ERROR_PROF_MODULES_UNSUPPORTED,
        "aclprofSetConfig: type %d (system sampling) is not emulated; only ACL_PROF_PATH is",
        static_cast<int>(configType));
  }
  return Session::instance().set_root(std::string(config, configLength));
}

aclError aclprofWarmup(const aclprofConfig* profilerConfig) {
  if (driven_by_command_line()) return already_run("aclprofWarmup");
  return Session::instance().warmup(profilerConfig);
}

aclError aclprofFinalize() { return Session::instance().finalize(); }

aclError aclprofStart(const aclprofConfig* profilerConfig) {
  if (driven_by_command_line()) return already_run("aclprofStart");
  return Session::instance().start(profilerConfig);
}

aclError aclprofStop(const aclprofConfig* profilerConfig) {
  return Session::instance().stop(profilerConfig);
}

aclprofConfig* aclprofCreateConfig(uint32_t* deviceIdList, uint32_t deviceNums,
                                   aclprofAicoreMetrics aicoreMetrics,
                                   const aclprofAicoreEvents* aicoreEvents,
                                   uint64_t dataTypeConfig) {
  std::string error = config_error(deviceIdList, deviceNums, dataTypeConfig);
  if (aicoreEvents != nullptr) error = "aicoreEvents must be null: custom events do not exist";
  if (!error.empty()) {
    fail(ACL_ERROR_INVALID_PARAM, "aclprofCreateConfig: %s", error.c_str());
    return nullptr;
  }
  if ((dataTypeConfig & ~kKnownMasks) != 0) {
    fail(ACL_ERROR_PROF_MODULES_UNSUPPORTED, "aclprofCreateConfig: unknown switches 0x%llx",
         static_cast<unsigned long long>(dataTypeConfig & ~kKnownMasks));
    return nullptr;
  }
  std::vector<int> devices(deviceIdList, deviceIdList + deviceNums);
  return Session::instance().create_config({std::move(devices), aicoreMetrics, dataTypeConfig});
}

aclError aclprofDestroyConfig(const aclprofConfig* profilerConfig) {
  return Session::instance().destroy_config(profilerConfig);
}

}  // extern "C"
