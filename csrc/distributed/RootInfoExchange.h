#pragma once

#include <chrono>
#include <string>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include "hccl/hccl_types.h"

namespace c10d_npu {

// Makes HCCL's root info on rank 0 and gives it to the other ranks as `key` of the store. Waits at
// most `timeout`; rank 0's failure reaches the others as an error, not as a timeout.
HcclRootInfo exchange_root_info(c10d::Store& store, const std::string& key, int rank,
                                std::chrono::milliseconds timeout);

}  // namespace c10d_npu
