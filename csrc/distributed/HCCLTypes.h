#pragma once

#include <c10/core/ScalarType.h>

#include <torch/csrc/distributed/c10d/Types.hpp>

#include "hccl/hccl_types.h"

namespace c10d_npu {

// HCCL's type for moving elements of `type`. Throws with what is supported.
HcclDataType hccl_type(at::ScalarType type);

// The same for a reduction, whose list is shorter.
HcclDataType hccl_reducible_type(at::ScalarType type, const char* collective);

// AVG and PREMUL_SUM are sums to HCCL. Throws for the bitwise operations, which HCCL lacks.
HcclReduceOp hccl_reduce_op(const c10d::ReduceOp& op);

}  // namespace c10d_npu
