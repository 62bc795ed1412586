#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace ascend_emulator {

// A generator whose numbers depend on seed and offset alone.
at::Generator generator(int64_t seed, int64_t offset);

// The same with seed and offset in device memory, as captured graphs keep them.
at::Generator generator(const at::Tensor& seed, const at::Tensor& offset, int64_t extra);

}  // namespace ascend_emulator
