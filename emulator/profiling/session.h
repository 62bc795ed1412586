#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "emulator/profiling/collector.h"
#include "emulator/profiling/prof_config.h"
#include "emulator/profiling/result_directory.h"

namespace ascend_emulator {
inline namespace profiling {

// The order rules of aclprof*: init, [warmup], start and stop as often as wanted, finalize. One per
// process. Every member locks; results are aclError codes with the reason in the recent message.
class Session {
 public:
  static Session& instance();

  aclError init(const std::string& root);
  aclError set_root(const std::string& root);
  aclError warmup(const aclprofConfig* config);
  aclError start(const aclprofConfig* config);
  aclError stop(const aclprofConfig* config);
  aclError finalize();

  aclprofConfig* create_config(aclprofConfig config);
  aclError destroy_config(const aclprofConfig* config);

 private:
  aclError check_config(const char* call, const aclprofConfig* config) const;
  aclError check_devices_free(const aclprofConfig& config) const;
  aclError open_directory();
  aclError apply();  // the running configs' devices and masks to the collector and the switches
  std::vector<int> running_devices() const;

  std::mutex mutex_;
  bool initialized_ = false;
  std::string root_ = "./";
  unsigned sessions_ = 0;
  std::set<const aclprofConfig*> configs_;  // alive
  std::set<const aclprofConfig*> running_;
  std::optional<ResultDirectory> directory_;  // of the running session, from the first start on
  std::unique_ptr<Collector> collector_;
};

}  // namespace profiling
}  // namespace ascend_emulator
