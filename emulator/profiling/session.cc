#include "emulator/profiling/session.h"

#include <pthread.h>

#include "emulator/profiling/marks.h"
#include "emulator/profiling/recorder.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
inline namespace profiling {
namespace {

constexpr uint64_t kShapeMasks = ACL_PROF_TASK_TIME | ACL_PROF_AICORE_SHAPE;

// A forked child has no collector: what it recorded would only pile up.
void disable_in_child() {
  enabled.store(false);
  shapes_enabled.store(false);
  marks_enabled.store(false);
}

}  // namespace

Session& Session::instance() {
  // Never destroyed: the collector's thread and late API calls may outlive static destructors.
  static auto* session = [] {
    pthread_atfork(nullptr, nullptr, disable_in_child);
    return new Session;
  }();
  return *session;
}

aclError Session::init(const std::string& root) {
  std::lock_guard lock(mutex_);
  if (initialized_) {
    return fail(ACL_ERROR_REPEAT_INITIALIZE,
                "aclprofInit: profiling is already initialised (results in %s); call "
                "aclprofFinalize first",
                root_.c_str());
  }
  root_ = root;
  initialized_ = true;
  return ACL_SUCCESS;
}

aclError Session::set_root(const std::string& root) {
  std::lock_guard lock(mutex_);
  if (!initialized_) {
    return fail(ACL_ERROR_PROF_NOT_RUN, "aclprofSetConfig: call aclprofInit first");
  }
  if (directory_.has_value()) {
    return fail(ACL_ERROR_PROF_API_CONFLICT,
                "aclprofSetConfig: the result path cannot change after aclprofStart (%s)",
                directory_->path().c_str());
  }
  root_ = root;
  return ACL_SUCCESS;
}

aclError Session::warmup(const aclprofConfig* config) {
  std::lock_guard lock(mutex_);
  if (!initialized_) {
    return fail(ACL_ERROR_PROF_NOT_RUN, "aclprofWarmup: call aclprofInit first");
  }
  if (const aclError code = check_config("aclprofWarmup", config)) return code;
  if (!running_.empty()) {
    return fail(ACL_ERROR_PROF_API_CONFLICT,
                "aclprofWarmup: profiling has already been started; warm up before aclprofStart");
  }
  return ACL_SUCCESS;
}

aclError Session::start(const aclprofConfig* config) {
  std::lock_guard lock(mutex_);
  if (const aclError code = check_config("aclprofStart", config)) return code;
  if (const aclError code = check_devices_free(*config)) return code;
  initialized_ = true;  // CANN's runtime initialises by itself, with the remembered path
  if (const aclError code = open_directory()) return code;
  const bool first = running_.empty();
  running_.insert(config);
  for (const int device : config->devices) directory_->add_device(device);
  if (first) directory_->write_start(config->devices, config->mask, sample_clocks());
  const aclError code = apply();
  if (code != ACL_SUCCESS) running_.erase(config);
  return code;
}

aclError Session::stop(const aclprofConfig* config) {
  std::lock_guard lock(mutex_);
  if (!initialized_) return fail(ACL_ERROR_PROF_NOT_RUN, "aclprofStop: call aclprofInit first");
  if (const aclError code = check_config("aclprofStop", config)) return code;
  if (running_.count(config) == 0) {
    return fail(ACL_ERROR_PROF_NOT_RUN, "aclprofStop: this configuration has not been started");
  }
  const std::vector<int> devices = running_devices();
  running_.erase(config);
  const aclError code = apply();
  if (running_.empty()) directory_->write_end(devices, sample_clocks());
  return code;
}

aclError Session::finalize() {
  std::lock_guard lock(mutex_);
  if (!running_.empty()) {
    const std::vector<int> devices = running_devices();
    running_.clear();
    apply();
    directory_->write_end(devices, sample_clocks());
  }
  collector_.reset();
  directory_.reset();
  initialized_ = false;
  return ACL_SUCCESS;
}

aclprofConfig* Session::create_config(aclprofConfig config) {
  std::lock_guard lock(mutex_);
  auto* created = new aclprofConfig(std::move(config));
  configs_.insert(created);
  return created;
}

aclError Session::destroy_config(const aclprofConfig* config) {
  std::lock_guard lock(mutex_);
  if (const aclError code = check_config("aclprofDestroyConfig", config)) return code;
  if (running_.count(config) != 0) {
    return fail(ACL_ERROR_PROFILING_FAILURE,
                "aclprofDestroyConfig: profiling runs with this configuration; call aclprofStop "
                "first");
  }
  configs_.erase(config);
  delete config;
  return ACL_SUCCESS;
}

aclError Session::check_config(const char* call, const aclprofConfig* config) const {
  if (configs_.count(config) != 0) return ACL_SUCCESS;
  return fail(ACL_ERROR_INVALID_PARAM,
              "%s: config %p is null or was destroyed; pass what aclprofCreateConfig returned",
              call, static_cast<const void*>(config));
}

aclError Session::check_devices_free(const aclprofConfig& config) const {
  for (const int running : running_devices()) {
    for (const int device : config.devices) {
      if (device != running) continue;
      return fail(ACL_ERROR_PROFILING_FAILURE,
                  "aclprofStart: device %d is being profiled already; call aclprofStop first",
                  device);
    }
  }
  return ACL_SUCCESS;
}

aclError Session::open_directory() {
  if (directory_.has_value()) return ACL_SUCCESS;
  ResultDirectory directory(root_, sessions_ + 1);
  if (directory.path().empty()) {
    return fail(ACL_ERROR_INVALID_PARAM, "aclprofStart: %s", directory.error().c_str());
  }
  ++sessions_;
  directory_ = std::move(directory);
  collector_ = std::make_unique<Collector>(directory_->path());
  return ACL_SUCCESS;
}

aclError Session::apply() {
  std::map<int, uint64_t> masks;
  uint64_t all = 0;
  for (const aclprofConfig* config : running_) {
    for (const int device : config->devices) masks[device] = config->mask;
    all |= config->mask;
  }
  if (running_.empty()) {
    enabled.store(false);
    shapes_enabled.store(false);
    marks_enabled.store(false);
  }
  collector_->set_masks(masks);
  if (!running_.empty()) {
    shapes_enabled.store((all & kShapeMasks) != 0);
    marks_enabled.store((all & ACL_PROF_MSPROFTX) != 0);
    enabled.store(true);
  }
  const std::string error = collector_->error().empty() ? directory_->error() : collector_->error();
  if (error.empty()) return ACL_SUCCESS;
  return fail(ACL_ERROR_PROFILING_FAILURE, "profiling: %s", error.c_str());
}

std::vector<int> Session::running_devices() const {
  std::vector<int> devices;
  for (const aclprofConfig* config : running_) {
    devices.insert(devices.end(), config->devices.begin(), config->devices.end());
  }
  return devices;
}

}  // namespace profiling
}  // namespace ascend_emulator
