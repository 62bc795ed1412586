#include "csrc/aten/vendor/Rules.h"

#include <algorithm>

namespace at_npu::vendor {

void check_one_of(const char* op, const char* name, std::string_view value,
                  std::initializer_list<std::string_view> allowed) {
  TORCH_CHECK(std::ranges::find(allowed, value) != allowed.end(), op, ": ", name, " is '", value,
              "'; it must be one of ", std::vector<std::string>(allowed.begin(), allowed.end()));
}

void check_gelu_mode(const char* op, int64_t approximate) {
  TORCH_CHECK(approximate == 0 || approximate == 1, op,
              ": approximate must be 0 (erf) or 1 (tanh), got ", approximate);
}

void check_gelu_mode(const char* op, std::string_view approximate) {
  check_one_of(op, "approximate", approximate, {"none", "tanh"});
}

void check_no_zloss(const char* op, double scale, bool is_wanted) {
  TORCH_CHECK_NOT_IMPLEMENTED(scale == 0 && !is_wanted, op,
                              ": the z-loss is not supported. Leave lse_square_scale_for_zloss at "
                              "0, and add scale * logsumexp(input) ** 2 to the loss yourself.");
}

}  // namespace at_npu::vendor
