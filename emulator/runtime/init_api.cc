#include <unistd.h>

#include <atomic>

#include "acl/acl.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/device.h"
#include "emulator/runtime/device_state.h"

using namespace ascend_emulator;

namespace {

std::atomic<bool> initialized{false};

}  // namespace

// A configuration file chooses dumps and profiling for the hardware; nothing in it applies here,
// but a file that cannot be read is an error as there.
aclError aclInit(const char* configPath) {
  ACL_API_SCOPE(aclInit);
  const bool named = configPath != nullptr && *configPath != '\0';
  if (named && access(configPath, R_OK) != 0) {
    return fail(ACL_ERROR_INVALID_FILE, "aclInit: cannot read the configuration file %s",
                configPath);
  }
  if (initialized.exchange(true)) {
    return fail(ACL_ERROR_REPEAT_INITIALIZE, "aclInit: already initialized");
  }
  return ACL_SUCCESS;
}

aclError aclFinalize() {
  ACL_API_SCOPE(aclFinalize);
  if (!initialized.exchange(false)) {
    return fail(ACL_ERROR_REPEAT_FINALIZE, "aclFinalize: not initialized, or already finalized");
  }
  for (int device = 0; device < device_count(); ++device) close_device(device);
  return ACL_SUCCESS;
}
