#include <array>
#include <atomic>
#include <cstdint>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"

using namespace ascend_emulator;

namespace {

// Kernels run on one thread by default and always in the same order, so these options change
// nothing; clients read back what they set, 0 before.
std::array<std::atomic<int64_t>, 3> values{};

bool known(aclSysParamOpt opt) {
  return opt >= ACL_OPT_DETERMINISTIC && opt <= ACL_OPT_STRONG_CONSISTENCY;
}

aclError set(const char* api, aclSysParamOpt opt, int64_t value) {
  if (!known(opt) || value < 0 || value > 1) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: option %d (0 to 2) = %lld (0 or 1)", api, opt,
                static_cast<long long>(value));
  }
  values[opt].store(value);
  return ACL_SUCCESS;
}

aclError get(const char* api, aclSysParamOpt opt, int64_t* value) {
  if (!known(opt) || value == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: option %d (0 to 2), value %p", api, opt,
                static_cast<void*>(value));
  }
  *value = values[opt].load();
  return ACL_SUCCESS;
}

}  // namespace

aclError aclrtSetSysParamOpt(aclSysParamOpt opt, int64_t value) {
  ACL_API_SCOPE(aclrtSetSysParamOpt);
  return set("aclrtSetSysParamOpt", opt, value);
}

aclError aclrtGetSysParamOpt(aclSysParamOpt opt, int64_t* value) {
  ACL_API_SCOPE(aclrtGetSysParamOpt);
  return get("aclrtGetSysParamOpt", opt, value);
}

aclError aclrtCtxSetSysParamOpt(aclSysParamOpt opt, int64_t value) {
  ACL_API_SCOPE(aclrtCtxSetSysParamOpt);
  if (current_context() == nullptr) return fail_no_device("aclrtCtxSetSysParamOpt");
  return set("aclrtCtxSetSysParamOpt", opt, value);
}

aclError aclrtCtxGetSysParamOpt(aclSysParamOpt opt, int64_t* value) {
  ACL_API_SCOPE(aclrtCtxGetSysParamOpt);
  if (current_context() == nullptr) return fail_no_device("aclrtCtxGetSysParamOpt");
  return get("aclrtCtxGetSysParamOpt", opt, value);
}
