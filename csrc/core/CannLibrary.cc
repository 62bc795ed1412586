#include "csrc/core/CannLibrary.h"

#include <c10/util/Exception.h>

#include <cstdio>

#include "acl/acl.h"
#include "csrc/core/NPUError.h"
#include "third_party/cann/stubs/loader.h"

namespace c10_npu {
namespace {

// Leaked on purpose: threads may still ask while the process exits.
CannSource& source() {
  static CannSource& instance = *new CannSource;
  return instance;
}

}  // namespace

void set_cann_source(CannSource chosen) {
  cann::set_home(chosen.home);
  source() = std::move(chosen);
}

// A C++ program without the Python package sets no source; its stubs ask the environment.
bool cann_available() noexcept { return source().missing.empty(); }

void announce_cann() {
  if (!source().notice.empty()) std::fprintf(stderr, "%s\n", source().notice.c_str());
}

void throw_no_device() {
  TORCH_CHECK(cann_available(), source().missing);
  uint32_t count = 0;
  NPU_CHECK(aclrtGetDeviceCount(&count));
  TORCH_CHECK(false, "CANN", source().home.empty() ? "" : " in ", source().home,
              " offers no NPU device. Check npu-smi info, the driver, and "
              "ASCEND_RT_VISIBLE_DEVICES.");
}

}  // namespace c10_npu
