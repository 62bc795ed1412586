#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/stack.h>
#include <torch/library.h>

#include <vector>

#include "csrc/aten/vendor/CompressionRules.h"
#include "csrc/core/NPUGuard.h"

// CANN has no function for these.
namespace at_npu::vendor {
namespace {

at::Tensor npu_sign_bits_pack(const at::Tensor& self, int64_t size) {
  check_sign_bits_pack(self, size);
  const c10_npu::NPUGuard guard(self.device());
  const int64_t missing = (8 - self.numel() % 8) % 8;
  // A NaN has bit 1.
  const at::Tensor bits =
      at::constant_pad_nd(self.lt(0).logical_not().to(at::kByte), {0, missing}).view({-1, 8});
  at::Tensor bytes = bits.select(1, 7);
  for (int64_t i = 6; i >= 0; --i) bytes = at::add(bits.select(1, i), bytes, 2);
  return bytes.reshape({size, -1});
}

at::Tensor npu_sign_bits_unpack(const at::Tensor& input, int64_t size, at::ScalarType dtype) {
  check_sign_bits_unpack(input, size, dtype);
  const c10_npu::NPUGuard guard(input.device());
  std::vector<at::Tensor> bits;
  for (int64_t i = 0; i < 8; ++i) bits.push_back(input.bitwise_and(1 << i).ne(0));
  return at::stack(bits, 1).to(dtype).mul_(2).sub_(1).view({size, -1});
}

}  // namespace

TORCH_LIBRARY_IMPL(npu, PrivateUse1, m) {
  m.impl("npu_sign_bits_pack", &npu_sign_bits_pack);
  m.impl("npu_sign_bits_unpack", &npu_sign_bits_unpack);
}

}  // namespace at_npu::vendor
