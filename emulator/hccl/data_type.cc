#include "emulator/hccl/data_type.h"

#include <string>

namespace ascend_emulator::hccl {
namespace {

constexpr DataType kDataTypes[] = {
    {HCCL_DATA_TYPE_INT8, "int8", 1, Arithmetic::kInt8, true},
    {HCCL_DATA_TYPE_INT16, "int16", 2, Arithmetic::kInt16, false},
    {HCCL_DATA_TYPE_INT32, "int32", 4, Arithmetic::kInt32, true},
    {HCCL_DATA_TYPE_INT64, "int64", 8, Arithmetic::kInt64, true},
    {HCCL_DATA_TYPE_FP16, "float16", 2, Arithmetic::kHalf, true},
    {HCCL_DATA_TYPE_FP32, "float32", 4, Arithmetic::kFloat, true},
    {HCCL_DATA_TYPE_BFP16, "bfloat16", 2, Arithmetic::kBfloat16, false},
    {HCCL_DATA_TYPE_UINT8, "uint8", 1, Arithmetic::kNone, false},
    {HCCL_DATA_TYPE_UINT16, "uint16", 2, Arithmetic::kNone, false},
    {HCCL_DATA_TYPE_UINT32, "uint32", 4, Arithmetic::kNone, false},
    {HCCL_DATA_TYPE_UINT64, "uint64", 8, Arithmetic::kNone, false},
    {HCCL_DATA_TYPE_FP64, "float64", 8, Arithmetic::kNone, false},
};

constexpr const char* kReduceOps[] = {"sum", "prod", "max", "min"};

template <typename Accept>
std::string names(Accept accept) {
  std::string list;
  for (const DataType& type : kDataTypes) {
    if (!accept(type)) continue;
    if (!list.empty()) list += ", ";
    list += type.name;
  }
  return list;
}

}  // namespace

const DataType* find_data_type(HcclDataType code) {
  for (const DataType& type : kDataTypes) {
    if (type.code == code) return &type;
  }
  return nullptr;
}

const char* data_type_name(HcclDataType code) {
  const DataType* type = find_data_type(code);
  return type == nullptr ? "unknown type" : type->name;
}

const char* reduce_op_name(HcclReduceOp op) {
  return static_cast<size_t>(op) < std::size(kReduceOps) ? kReduceOps[op] : "unknown operation";
}

Status check_data_type(HcclDataType code) {
  if (find_data_type(code) != nullptr) return {};
  return failure(HCCL_E_NOT_SUPPORT, "data type %d is not supported on Atlas A2, which takes %s",
                 static_cast<int>(code), names([](const DataType&) { return true; }).c_str());
}

Status check_reduction(HcclDataType code, HcclReduceOp op) {
  if (static_cast<size_t>(op) >= std::size(kReduceOps)) {
    return failure(HCCL_E_PARA, "reduce operation %d is none of sum, prod, max, min",
                   static_cast<int>(op));
  }
  const DataType* type = find_data_type(code);
  const bool product = op == HCCL_REDUCE_PROD;
  const auto accepts = [product](const DataType& entry) {
    return entry.arithmetic != Arithmetic::kNone && (entry.product || !product);
  };
  if (type != nullptr && accepts(*type)) return {};
  return failure(HCCL_E_NOT_SUPPORT, "%s of %s (%d) is not supported on Atlas A2, which takes %s",
                 reduce_op_name(op), data_type_name(code), static_cast<int>(code),
                 names(accepts).c_str());
}

}  // namespace ascend_emulator::hccl
