#pragma once

#include <utility>
#include <vector>

#include "emulator/ops/emulate.h"

// Groups of rows, as the group lists of aclnnGroupedMatmul… give them.
namespace ascend_emulator {

using Ranges = std::vector<std::pair<int64_t, int64_t>>;

// Begin and end of each group, from the ends.
inline Ranges ranges(IntArray ends) {
  Ranges result;
  int64_t begin = 0;
  for (const int64_t end : ends) {
    result.emplace_back(begin, end);
    begin = end;
  }
  return result;
}

// `list` has the ends, or with kind 1 the sizes.
inline Ranges ranges(const Tensor& list, int64_t kind) {
  TORCH_CHECK(kind == 0 || kind == 1, "groupListType is ", kind, "; 0 and 1 are emulated.");
  const Tensor ends = (kind == 0 ? list : list.cumsum(0)).to(at::kLong).contiguous();
  return ranges(IntArray(ends.const_data_ptr<int64_t>(), ends.numel()));
}

}  // namespace ascend_emulator
