#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "hccl/hccl_types.h"

namespace c10d_npu {

// What users set as `options.hccl_config["…"]`.
using HCCLConfig = std::map<std::string, std::variant<int64_t, std::string>>;

// HCCL's defaults, overridden by `config`. Throws for a key or a value that HCCL does not have.
HcclCommConfig make_comm_config(const HCCLConfig& config);

}  // namespace c10d_npu
