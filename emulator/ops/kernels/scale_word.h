#pragma once

#include "emulator/ops/emulate.h"

namespace ascend_emulator {

// Scales in float32, which may be words of aclnnTransQuantParamV2: the scale is their low half.
inline Tensor decoded_scale(const Tensor& scale) {
  const auto type = scale.scalar_type();
  if (type != at::kLong && type != at::kUInt64) return scale.to(at::kFloat);
  return scale.contiguous()
      .view(at::kInt)
      .slice(-1, 0, std::nullopt, 2)
      .contiguous()
      .view(at::kFloat);
}

}  // namespace ascend_emulator
