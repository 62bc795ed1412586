#pragma once

#include <ATen/core/Tensor.h>

#include <array>

#include "emulator/ops/decode.h"

namespace ascend_emulator {

// Which of three gradients a backward function has to compute. An output that is wanted must exist.
inline std::array<bool, 3> output_mask(BoolArray mask, const OptionalTensor& first,
                                       const OptionalTensor& second, const OptionalTensor& third) {
  TORCH_CHECK(mask.size() == 3, "outputMask has ", mask.size(), " elements, 3 are needed.");
  TORCH_CHECK((!mask[0] || first) && (!mask[1] || second) && (!mask[2] || third),
              "outputMask asks for an output that is null.");
  return {mask[0] != 0, mask[1] != 0, mask[2] != 0};
}

// The results in the same order; undefined where not wanted.
template <class Results>
void store(const std::array<bool, 3>& mask, const Results& results, OptionalTensor& first,
           OptionalTensor& second, OptionalTensor& third) {
  if (mask[0]) first->copy_(std::get<0>(results));
  if (mask[1]) second->copy_(std::get<1>(results));
  if (mask[2]) third->copy_(std::get<2>(results));
}

}  // namespace ascend_emulator
