#include "csrc/distributed/HCCLTypes.h"

#include <c10/util/Exception.h>

#include <string>

namespace c10d_npu {
namespace {

struct TypeEntry {
  at::ScalarType torch;
  HcclDataType hccl;
  bool reducible;
};

constexpr TypeEntry kTypes[] = {
    {at::kChar, HCCL_DATA_TYPE_INT8, true},
    {at::kShort, HCCL_DATA_TYPE_INT16, true},
    {at::kInt, HCCL_DATA_TYPE_INT32, true},
    {at::kLong, HCCL_DATA_TYPE_INT64, true},
    {at::kHalf, HCCL_DATA_TYPE_FP16, true},
    {at::kFloat, HCCL_DATA_TYPE_FP32, true},
    {at::kBFloat16, HCCL_DATA_TYPE_BFP16, true},
    {at::kByte, HCCL_DATA_TYPE_UINT8, false},
    {at::kBool, HCCL_DATA_TYPE_UINT8, false},
    {at::kDouble, HCCL_DATA_TYPE_FP64, false},
    {at::kUInt16, HCCL_DATA_TYPE_UINT16, false},
    {at::kUInt32, HCCL_DATA_TYPE_UINT32, false},
    {at::kUInt64, HCCL_DATA_TYPE_UINT64, false},
    // Moved as bytes: HCCL on Atlas A2 has no 8-bit floats.
    {at::kFloat8_e4m3fn, HCCL_DATA_TYPE_UINT8, false},
    {at::kFloat8_e5m2, HCCL_DATA_TYPE_UINT8, false},
};

struct ReduceEntry {
  c10d::ReduceOp::RedOpType torch;
  HcclReduceOp hccl;
};

constexpr ReduceEntry kReduceOps[] = {
    {c10d::ReduceOp::SUM, HCCL_REDUCE_SUM},      {c10d::ReduceOp::AVG, HCCL_REDUCE_SUM},
    {c10d::ReduceOp::PRODUCT, HCCL_REDUCE_PROD}, {c10d::ReduceOp::MIN, HCCL_REDUCE_MIN},
    {c10d::ReduceOp::MAX, HCCL_REDUCE_MAX},      {c10d::ReduceOp::PREMUL_SUM, HCCL_REDUCE_SUM},
};

std::string supported(bool only_reducible) {
  std::string list;
  for (const TypeEntry& entry : kTypes) {
    if (only_reducible && !entry.reducible) continue;
    if (!list.empty()) list += ", ";
    list += c10::toString(entry.torch);
  }
  return list;
}

const TypeEntry* find(at::ScalarType type) {
  for (const TypeEntry& entry : kTypes) {
    if (entry.torch == type) return &entry;
  }
  return nullptr;
}

}  // namespace

HcclDataType hccl_type(at::ScalarType type) {
  const TypeEntry* entry = find(type);
  TORCH_CHECK_TYPE(entry != nullptr, "HCCL does not move tensors of dtype ", type,
                   "; supported are ", supported(false));
  return entry->hccl;
}

HcclDataType hccl_reducible_type(at::ScalarType type, const char* collective) {
  const TypeEntry* entry = find(type);
  TORCH_CHECK_TYPE(entry != nullptr && entry->reducible, collective,
                   " does not reduce tensors of dtype ", type, "; supported are ", supported(true),
                   ": cast the tensor first");
  return entry->hccl;
}

HcclReduceOp hccl_reduce_op(const c10d::ReduceOp& op) {
  for (const ReduceEntry& entry : kReduceOps) {
    if (entry.torch == op.op_) return entry.hccl;
  }
  TORCH_CHECK_VALUE(false,
                    "HCCL has no bitwise reductions (BAND, BOR, BXOR); supported are SUM, AVG, "
                    "PRODUCT, MIN, MAX and PREMUL_SUM");
}

}  // namespace c10d_npu
