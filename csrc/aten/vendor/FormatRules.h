#pragma once

#include <cstdint>

namespace at_npu::vendor {

// aclFormat of a tensor with so many dimensions.
int64_t base_format(int64_t dims);
void check_format(const char* op, int64_t dims, int64_t format);

}  // namespace at_npu::vendor
