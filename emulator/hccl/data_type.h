#pragma once

#include <cstddef>

#include "emulator/hccl/result.h"

namespace ascend_emulator::hccl {

enum class Arithmetic : unsigned char {
  kNone,  // moved, never reduced
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kHalf,
  kFloat,
  kBfloat16,
};

// What Atlas A2 accepts: HCCL moves every type of this table; it reduces those with arithmetic,
// by product only where `product` is set.
struct DataType {
  HcclDataType code;
  const char* name;
  size_t size;
  Arithmetic arithmetic;
  bool product;
};

// nullptr: HCCL on Atlas A2 does not take this type.
const DataType* find_data_type(HcclDataType code);
const char* data_type_name(HcclDataType code);
const char* reduce_op_name(HcclReduceOp op);

Status check_data_type(HcclDataType code);
Status check_reduction(HcclDataType code, HcclReduceOp op);

}  // namespace ascend_emulator::hccl
