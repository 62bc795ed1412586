#pragma once

#include "emulator/ops/base/function.h"

namespace ascend_emulator {

// The C types of an aclnn function's parameters; handles by their opaque type.
template <class... Wire>
struct Parameters {
  static constexpr size_t kSize = sizeof...(Wire);
};

struct CString;  // stands for char*

}  // namespace ascend_emulator
