#pragma once

#include <string>

#include "acl/acl_prof.h"
#include "csrc/profiler/config.h"

namespace torch_npu::profiler {

// CANN's side of a session: drives aclprof* for the current device. CANN writes its records into a
// PROF_* directory below `path`. Every failure raises.
class DeviceProfiling {
 public:
  explicit DeviceProfiling(const std::string& path);
  ~DeviceProfiling();  // finalizes; failures are warnings
  DeviceProfiling(const DeviceProfiling&) = delete;
  DeviceProfiling& operator=(const DeviceProfiling&) = delete;

  void warmup(const Config& config);
  void start(const Config& config);
  void stop();

 private:
  void create_config(const Config& config);

  aclprofConfig* config_ = nullptr;
  bool running_ = false;
};

}  // namespace torch_npu::profiler
