#include "emulator/ops/functions/pooling.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_adaptive_avg_pool2d.h>
#include <ATen/ops/_adaptive_avg_pool2d_backward.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool2d_backward.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/max_pool2d_with_indices_backward.h>
#include <ATen/ops/remainder.h>

#include <algorithm>

#include "emulator/ops/emulate.h"
#include "emulator/ops/kernels/bits.h"

namespace ascend_emulator {
namespace {

// 0 stands for none.
std::optional<int64_t> divisor(int64_t value) {
  return value == 0 ? std::nullopt : std::optional(value);
}

int64_t at_or_same(IntArray values, size_t index) {
  return values.size() == 1 ? values[0] : values[index];
}

// Max pooling over a window, as numbers and as positions. A position is the index in the input
// plane (ATen's form) or in the window (the row of the hardware's mask).
struct Window {
  IntArray kernel, stride, padding, dilation;

  int64_t step(size_t i) const {
    return stride.empty() ? at_or_same(kernel, i) : at_or_same(stride, i);
  }

  // Input row or column of the window's first element, for each output position.
  Tensor origin(size_t i, int64_t length) const {
    return at::arange(length, at::kLong) * step(i) - at_or_same(padding, i);
  }

  // plane: [..., OH, OW], from the input of that width.
  Tensor to_window(const Tensor& plane, int64_t width) const {
    const Tensor row = at::floor_divide(plane, width) - origin(0, plane.size(-2)).unsqueeze(-1);
    const Tensor column = at::remainder(plane, width) - origin(1, plane.size(-1));
    return at::floor_divide(row, at_or_same(dilation, 0)) * at_or_same(kernel, 1) +
           at::floor_divide(column, at_or_same(dilation, 1));
  }

  Tensor to_plane(const Tensor& window, int64_t width) const {
    const int64_t columns = at_or_same(kernel, 1);
    const Tensor row = at::floor_divide(window, columns) * at_or_same(dilation, 0) +
                       origin(0, window.size(-2)).unsqueeze(-1);
    const Tensor column =
        at::remainder(window, columns) * at_or_same(dilation, 1) + origin(1, window.size(-1));
    return row * width + column;
  }

  int64_t size() const { return at_or_same(kernel, 0) * at_or_same(kernel, 1); }
};

}  // namespace

EMULATE(aclnnMaxPool2dWithIndices,
        [](Tensor self, IntArray kernel, IntArray stride, IntArray padding, IntArray dilation,
           bool ceil, Tensor out, Tensor indices) {
          const auto [values, positions] =
              at::max_pool2d_with_indices(self, kernel, stride, padding, dilation, ceil);
          out.copy_(values);
          indices.copy_(positions);
        })
EMULATE(aclnnMaxPool2dWithIndicesBackward,
        [](Tensor grad, Tensor self, Tensor indices, IntArray kernel, IntArray stride,
           IntArray padding, IntArray dilation, bool ceil, Tensor out) {
          out.copy_(at::max_pool2d_with_indices_backward(grad, self, kernel, stride, padding,
                                                         dilation, ceil, indices.to(at::kLong)));
        })

// The mask has a row for each position in the window, with a bit for each output element.
EMULATE(aclnnMaxPool2dWithMask, [](Tensor self, IntArray kernel, IntArray stride, IntArray padding,
                                   IntArray dilation, bool ceil, Tensor out, Tensor mask) {
  const Window window{kernel, stride, padding, dilation};
  const auto [values, positions] =
      at::max_pool2d_with_indices(self, kernel, stride, padding, dilation, ceil);
  out.copy_(values);
  const Tensor rows = at::arange(window.size(), at::kLong).unsqueeze(-1);
  const Tensor chosen = window.to_window(positions, self.size(-1)).flatten(-2).unsqueeze(-2);
  mask.copy_(pack_bits(chosen == rows, mask.size(-1)).reshape(mask.sizes()).to(at::kChar));
})
EMULATE(aclnnMaxPool2dWithMaskBackward, [](Tensor grad, Tensor self, Tensor mask, IntArray kernel,
                                           IntArray stride, IntArray padding, IntArray dilation,
                                           bool ceil, Tensor out) {
  const Window window{kernel, stride, padding, dilation};
  const Tensor flags = unpack_bits(mask, grad.size(-1) * grad.size(-2));
  const Tensor chosen = flags.to(at::kByte).argmax(-2).reshape(grad.sizes());
  out.copy_(at::max_pool2d_with_indices_backward(grad, self, kernel, stride, padding, dilation,
                                                 ceil, window.to_plane(chosen, self.size(-1))));
})

EMULATE(aclnnMaxPool, [](Tensor self, IntArray kernel, IntArray stride, int64_t, IntArray pads,
                         IntArray dilation, int64_t ceil, Tensor out) {
  const bool even = std::all_of(pads.begin(), pads.end(), [&](int64_t p) { return p == pads[0]; });
  TORCH_CHECK(even || pads.size() == 2, "pads is ", pads,
              "; the emulator pads both ends of a dimension alike.");
  const IntArray padding = pads.slice(0, std::min<size_t>(pads.size(), 2));
  out.copy_(std::get<0>(
      at::max_pool2d_with_indices(self, kernel, stride, padding.empty() ? IntArray{0} : padding,
                                  dilation.empty() ? IntArray{1} : dilation, ceil != 0)));
})

EMULATE(aclnnAvgPool2d, [](Tensor self, IntArray kernel, IntArray stride, IntArray padding,
                           bool ceil, bool count_pad, int64_t divide, int64_t, Tensor out) {
  out.copy_(at::avg_pool2d(self, kernel, stride, padding, ceil, count_pad, divisor(divide)));
})
EMULATE(aclnnAvgPool2dBackward,
        [](Tensor grad, Tensor self, IntArray kernel, IntArray stride, IntArray padding, bool ceil,
           bool count_pad, int64_t divide, int64_t, Tensor out) {
          out.copy_(at::avg_pool2d_backward(grad, self, kernel, stride, padding, ceil, count_pad,
                                            divisor(divide)));
        })
EMULATE(aclnnAdaptiveAvgPool2d, [](Tensor self, IntArray size, Tensor out) {
  out.copy_(at::_adaptive_avg_pool2d(self, size));
})
EMULATE(aclnnAdaptiveAvgPool2dBackward, [](Tensor grad, Tensor self, Tensor out) {
  out.copy_(at::_adaptive_avg_pool2d_backward(grad, self));
})

}  // namespace ascend_emulator
