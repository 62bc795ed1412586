#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "acl/acl_op_compiler.h"
#include "emulator/runtime/error.h"

using ascend_emulator::fail;

namespace {

// Options of a compiler that is not there: kept, so that clients read back what they set. The
// values are CANN's defaults; an option without one starts empty.
struct Options {
  std::mutex mutex;
  std::map<aclCompileOpt, std::string> values{
      {ACL_OP_JIT_COMPILE, "disable"},
      {ACL_OP_DETERMINISTIC, "0"},
  };
};

Options& options() {
  static Options& all = *new Options;
  return all;
}

bool known(aclCompileOpt opt) { return opt >= ACL_PRECISION_MODE && opt <= ACL_OP_DEBUG_OPTION; }

}  // namespace

aclError aclSetCompileopt(aclCompileOpt opt, const char* value) {
  if (!known(opt) || value == nullptr) {
    return fail(ACL_ERROR_INVALID_PARAM, "aclSetCompileopt: option %d, value %s", opt,
                value == nullptr ? "null" : value);
  }
  std::lock_guard lock(options().mutex);
  options().values[opt] = value;
  return ACL_SUCCESS;
}

size_t aclGetCompileoptSize(aclCompileOpt opt) {
  if (!known(opt)) return 0;
  std::lock_guard lock(options().mutex);
  return options().values[opt].size() + 1;
}

aclError aclGetCompileopt(aclCompileOpt opt, char* value, size_t length) {
  const size_t size = aclGetCompileoptSize(opt);
  if (size == 0 || value == nullptr || length < size) {
    return fail(ACL_ERROR_INVALID_PARAM,
                "aclGetCompileopt: option %d, value %p with room for %zu bytes; %zu are needed",
                opt, static_cast<void*>(value), length, size);
  }
  std::lock_guard lock(options().mutex);
  std::memcpy(value, options().values[opt].c_str(), size);
  return ACL_SUCCESS;
}
