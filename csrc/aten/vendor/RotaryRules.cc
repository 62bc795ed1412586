#include "csrc/aten/vendor/RotaryRules.h"

namespace at_npu::vendor {

int64_t rotary_mode(const char* op, std::string_view mode) {
  check_one_of(op, "rotary_mode", mode, {"half", "interleave"});
  return mode == "half" ? 0 : 1;
}

int64_t rotary_layout(const char* op, std::string_view layout) {
  check_one_of(op, "layout", layout, {"BSND", "SBND", "BNSD"});
  return layout == "BSND" ? 1 : layout == "SBND" ? 2 : 3;
}

std::array<int64_t, 3> section_or_zeros(at::OptionalIntArrayRef section) {
  if (!section.has_value() || section->empty()) return {};
  TORCH_CHECK(section->size() == 3, "npu_mrope: mrope_section must have 3 sizes, got ", *section);
  return {(*section)[0], (*section)[1], (*section)[2]};
}

}  // namespace at_npu::vendor
