#include "emulator/ops/kernels/bits.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bitwise_and.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <ATen/ops/constant_pad_nd.h>

namespace ascend_emulator {

at::Tensor pack_bits(const at::Tensor& flags, int64_t bytes) {
  const int64_t missing = bytes * kBits - flags.size(-1);
  TORCH_CHECK(missing >= 0, "a mask of ", bytes, " bytes has no room for ", flags.size(-1),
              " bits.");
  const at::Tensor padded = at::constant_pad_nd(flags.to(at::kInt), {0, missing});
  const at::Tensor weights = at::arange(kBits, at::kInt).exp2().to(at::kInt);
  return (padded.unflatten(-1, {bytes, kBits}) * weights).sum(-1).to(at::kByte);
}

at::Tensor unpack_bits(const at::Tensor& bytes, int64_t count) {
  TORCH_CHECK(bytes.size(-1) * kBits >= count, "a mask of ", bytes.size(-1),
              " bytes has no room for ", count, " bits.");
  const at::Tensor values = bytes.to(at::kInt).unsqueeze(-1);
  const at::Tensor bits =
      at::bitwise_and(at::bitwise_right_shift(values, at::arange(kBits, at::kInt)), 1);
  return bits.flatten(-2).slice(-1, 0, count).to(at::kBool);
}

}  // namespace ascend_emulator
