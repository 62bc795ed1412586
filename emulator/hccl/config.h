#pragma once

#include <chrono>
#include <string>

#include "emulator/hccl/result.h"

namespace ascend_emulator::hccl {

// How one communicator was asked to behave.
struct Config {
  std::string name;  // empty: derived from the root info
  std::chrono::milliseconds connect_timeout;
  std::chrono::milliseconds execution_timeout;  // zero: wait for peers for ever
};

// From the environment, overridden by the fields that `client` covers with its size (CANN versions
// differ in how many there are). `client` may be null.
Status read_config(const HcclCommConfig* client, Config* config);

}  // namespace ascend_emulator::hccl
