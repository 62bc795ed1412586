#include "emulator/ops/fractal.h"

#include <ATen/ops/zeros.h>

namespace ascend_emulator {
namespace {

// [..., columns, rows, 16, C0] as [..., rows * 16, columns * C0]
Tensor as_rows(const Tensor& memory) {
  return memory.movedim(-4, -2).flatten(-2, -1).flatten(-3, -2);
}

}  // namespace

void to_fractal(const Tensor& rows, const Tensor& memory) {
  Tensor padded = at::zeros(as_rows(memory).sizes(), memory.options());
  padded.narrow(-2, 0, rows.size(-2)).narrow(-1, 0, rows.size(-1)).copy_(rows);
  const int64_t height = memory.size(-2), width = memory.size(-1);
  memory.copy_(padded.unflatten(-1, {-1, width}).unflatten(-3, {-1, height}).movedim(-2, -4));
}

Tensor from_fractal(const Tensor& memory, at::IntArrayRef sizes) {
  const int64_t height = sizes[sizes.size() - 2], width = sizes.back();
  return as_rows(memory).narrow(-2, 0, height).narrow(-1, 0, width).contiguous();
}

}  // namespace ascend_emulator
