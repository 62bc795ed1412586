#include "emulator/runtime/faults.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "emulator/runtime/env.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

constexpr const char* kMalloc = "malloc";

struct Fault {
  std::string name;
  uint64_t countdown;
  aclError code;
};

struct Faults {
  std::mutex mutex;
  std::vector<Fault> pending;
};

Faults& faults() {
  static Faults& all = *new Faults;
  return all;
}

std::atomic<bool> armed{false};

bool parse_one(const std::string& text, Fault* fault) {
  const size_t end = text.find_first_of(":=");
  fault->name = text.substr(0, end);
  fault->countdown = 1;
  fault->code =
      fault->name == kMalloc ? ACL_ERROR_RT_MEMORY_ALLOCATION : ACL_ERROR_RT_AICORE_EXCEPTION;
  if (fault->name.empty()) return false;
  if (end == std::string::npos) return true;
  int consumed = 0;
  const char* rest = text.c_str() + end;
  if (*rest == ':') {
    if (std::sscanf(rest, ":%lu%n", &fault->countdown, &consumed) != 1) return false;
    rest += consumed;
  }
  if (*rest == '=') {
    if (std::sscanf(rest, "=%d%n", &fault->code, &consumed) != 1) return false;
    rest += consumed;
  }
  return *rest == '\0' && fault->countdown > 0 && fault->code != ACL_SUCCESS;
}

bool parse(const char* specification, std::vector<Fault>* list) {
  const std::string text = specification;
  for (size_t begin = 0; begin < text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    Fault fault;
    const std::string entry = text.substr(begin, comma - begin);
    if (!parse_one(entry, &fault)) {
      fail(ACL_ERROR_RT_PARAM_INVALID, "\"%s\" is no fault; write <name>[:<n>][=<code>]",
           entry.c_str());
      return false;
    }
    list->push_back(std::move(fault));
    begin = comma + 1;
  }
  return true;
}

// TaskInfo::name is <function>_<type><core>_<type>.
bool names(const std::string& name, const TaskInfo& kernel) {
  if (name == "*" || name == kernel.type || name == kernel.name) return true;
  return std::strncmp(name.c_str(), kernel.name, name.size()) == 0 &&
         kernel.name[name.size()] == '_';
}

template <typename Matches>
aclError take_fault(Matches matches) {
  std::lock_guard lock(faults().mutex);
  auto& pending = faults().pending;
  for (auto fault = pending.begin(); fault != pending.end(); ++fault) {
    if (!matches(*fault) || --fault->countdown > 0) continue;
    const aclError code = fault->code;
    pending.erase(fault);
    armed.store(!pending.empty(), std::memory_order_relaxed);
    return code;
  }
  return ACL_SUCCESS;
}

bool replace_faults(const char* specification) {
  std::vector<Fault> list;
  if (!parse(specification, &list)) return false;
  std::lock_guard lock(faults().mutex);
  armed.store(!list.empty(), std::memory_order_relaxed);
  faults().pending = std::move(list);
  return true;
}

bool any_fault() {
  static const bool read = [] {
    if (!replace_faults(env().faults.c_str())) {
      std::fprintf(stderr, "ascend_emulator: ASCEND_EMULATOR_FAULTS is ignored: %s\n",
                   take_recent_message().c_str());
    }
    return true;
  }();
  return read && armed.load(std::memory_order_relaxed);
}

}  // namespace

bool set_faults(const char* specification) {
  any_fault();  // or the environment would be read later, and win
  return replace_faults(specification);
}

aclError kernel_fault(const TaskInfo& kernel) {
  if (!any_fault()) return ACL_SUCCESS;
  const aclError code = take_fault(
      [&](const Fault& fault) { return fault.name != kMalloc && names(fault.name, kernel); });
  if (code == ACL_SUCCESS) return ACL_SUCCESS;
  return fail(code, "%s: a fault was injected here (ASCEND_EMULATOR_FAULTS)", kernel.name);
}

aclError malloc_fault(const char* api) {
  if (!any_fault()) return ACL_SUCCESS;
  const aclError code = take_fault([](const Fault& fault) { return fault.name == kMalloc; });
  if (code == ACL_SUCCESS) return ACL_SUCCESS;
  return fail(code, "%s: a fault was injected here (ASCEND_EMULATOR_FAULTS)", api);
}

}  // namespace ascend_emulator
