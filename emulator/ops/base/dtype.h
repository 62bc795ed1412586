#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "acl/acl_base.h"
#include "emulator/runtime/export.h"

namespace ascend_emulator {

// A set of data types, one bit for each aclDataType value.
using DtypeSet = uint64_t;

EMULATOR_API const char* dtype_name(aclDataType dtype);
size_t dtype_size(aclDataType dtype);  // bytes of an element; 0: unknown or smaller than a byte
std::string dtype_names(DtypeSet set);
const char* format_name(aclFormat format);

constexpr bool contains(DtypeSet set, aclDataType dtype) {
  return dtype >= 0 && dtype < 64 && (set >> dtype & 1) != 0;
}

}  // namespace ascend_emulator
