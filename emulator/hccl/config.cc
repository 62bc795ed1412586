#include "emulator/hccl/config.h"

#include <climits>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace ascend_emulator::hccl {
namespace {

// Seconds. HCCL's own lower bound for connecting is 120; the emulator also takes less, for tests.
struct TimeoutVariable {
  const char* name;
  long fallback, lowest, highest;
};

constexpr TimeoutVariable kConnect = {"HCCL_CONNECT_TIMEOUT", 120, 1, 7200};
constexpr TimeoutVariable kExecution = {"HCCL_EXEC_TIMEOUT", 1836, 0, INT_MAX};
constexpr int32_t kExecutionNotSet = -1;

Status read_timeout(const TimeoutVariable& variable, std::chrono::milliseconds* timeout) {
  long seconds = variable.fallback;
  if (const char* text = std::getenv(variable.name); text != nullptr && *text != '\0') {
    char* end = nullptr;
    seconds = std::strtol(text, &end, 10);
    if (*end != '\0' || seconds < variable.lowest || seconds > variable.highest) {
      return failure(HCCL_E_PARA, "%s is \"%s\", expected seconds from %ld to %ld", variable.name,
                     text, variable.lowest, variable.highest);
    }
  }
  *timeout = std::chrono::seconds(seconds);
  return {};
}

bool covers(const HcclCommConfig& client, size_t end) { return client.size >= end; }

}  // namespace

Status read_config(const HcclCommConfig* client, Config* config) {
  HCCL_RETURN_IF_FAILED(read_timeout(kConnect, &config->connect_timeout));
  HCCL_RETURN_IF_FAILED(read_timeout(kExecution, &config->execution_timeout));
  if (client == nullptr) return {};
  if (client->magicWord != HCCL_COMM_CONFIG_MAGIC_WORD) {
    return failure(HCCL_E_PARA,
                   "the communicator's configuration has the magic word %#x, expected %#x: "
                   "initialise it with HcclCommConfigInit",
                   client->magicWord, HCCL_COMM_CONFIG_MAGIC_WORD);
  }
  constexpr size_t kNameEnd = offsetof(HcclCommConfig, hcclUdi);
  if (covers(*client, kNameEnd)) {
    const size_t length = strnlen(client->hcclCommName, sizeof(client->hcclCommName));
    if (length == sizeof(client->hcclCommName)) {
      return failure(HCCL_E_PARA, "hcclCommName has no terminating zero in its %zu bytes", length);
    }
    config->name.assign(client->hcclCommName, length);
  }
  constexpr size_t kTimeoutEnd = offsetof(HcclCommConfig, hcclAlgo);
  if (covers(*client, kTimeoutEnd) && client->hcclExecTimeOut != kExecutionNotSet) {
    if (client->hcclExecTimeOut < 0) {
      return failure(HCCL_E_PARA, "hcclExecTimeOut is %d, expected seconds, or 0 for ever",
                     client->hcclExecTimeOut);
    }
    config->execution_timeout = std::chrono::seconds(client->hcclExecTimeOut);
  }
  return {};
}

}  // namespace ascend_emulator::hccl
