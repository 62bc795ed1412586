#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "acl/acl_op_compiler.h"
#include "emulator/runtime/error.h"

using ascend_emulator::fail;

namespace {

// Options of a compiler that is not there: kept, so that clients read back what they set.
struct Options {
  std::mutex mutex;
  std::map<aclCompileOpt, std::string> values;
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
  std::lock_guard lock(options().mutex);
  const auto found = options().values.find(opt);
  return found == options().values.end() ? 0 : found->second.size() + 1;
}

aclError aclGetCompileopt(aclCompileOpt opt, char* value, size_t length) {
  std::lock_guard lock(options().mutex);
  const auto found = options().values.find(opt);
  if (found == options().values.end() || value == nullptr || length <= found->second.size()) {
    return fail(ACL_ERROR_INVALID_PARAM,
                "aclGetCompileopt: option %d was never set, or %zu bytes do not hold it", opt,
                length);
  }
  std::memcpy(value, found->second.c_str(), found->second.size() + 1);
  return ACL_SUCCESS;
}
