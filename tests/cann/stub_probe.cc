// Calls stubs as the adapter does, for test_stubs.py.
#include <cstring>
#include <string>

#include "acl/acl.h"
#include "aclnn/ops/matmul.h"
#include "hccl/hccl.h"
#include "third_party/cann/stubs/loader.h"

#define PROBE extern "C" __attribute__((visibility("default")))

PROBE void probe_set_home(const char* home) { cann::set_home(home); }
PROBE int probe_init() { return aclInit(nullptr); }
PROBE int probe_set_device(int device) { return aclrtSetDevice(device); }
PROBE int probe_soc_name_length() { return static_cast<int>(std::strlen(aclrtGetSocName())); }
PROBE int probe_hccl() { return HcclGetRootInfo(nullptr); }
PROBE int probe_mm() {
  return aclnnMmGetWorkspaceSize(nullptr, nullptr, nullptr, 0, nullptr, nullptr);
}
PROBE int probe_has(const char* name) { return cann::has_symbol(name); }
PROBE const char* probe_report() {
  static std::string report;
  report = cann::take_missing_report();
  return report.c_str();
}
