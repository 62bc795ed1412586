#include "emulator/ops/kernels/wide_unsigned.h"

#include <ATen/ops/bitwise_xor.h>

#include <cstdint>

namespace ascend_emulator {
namespace {

// With the highest bit flipped, signed order is that of the unsigned numbers.
at::Tensor flip_sign(const at::Tensor& tensor) { return at::bitwise_xor(tensor, INT64_MIN); }

}  // namespace

at::Tensor same_bits(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kUInt16:
      return tensor.view(at::kShort);
    case at::kUInt32:
      return tensor.view(at::kInt);
    case at::kUInt64:
      return tensor.view(at::kLong);
    default:
      return tensor;
  }
}

at::Tensor same_order(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kUInt16:
      return tensor.to(at::kInt);
    case at::kUInt32:
      return tensor.to(at::kLong);
    case at::kUInt64:
      return flip_sign(same_bits(tensor));
    default:
      return tensor;
  }
}

void store_ordered(at::Tensor& out, const at::Tensor& ordered) {
  if (out.scalar_type() == at::kUInt64) {
    same_bits(out).copy_(flip_sign(ordered));
  } else {
    out.copy_(ordered);
  }
}

}  // namespace ascend_emulator
