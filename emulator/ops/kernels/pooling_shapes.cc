#include <ATen/ops/_adaptive_avg_pool3d.h>
#include <ATen/ops/_adaptive_avg_pool3d_backward.h>
#include <ATen/ops/adaptive_max_pool2d.h>
#include <ATen/ops/adaptive_max_pool2d_backward.h>
#include <ATen/ops/adaptive_max_pool3d.h>
#include <ATen/ops/adaptive_max_pool3d_backward.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/avg_pool3d_backward.h>
#include <ATen/ops/max_pool3d_with_indices.h>
#include <ATen/ops/max_pool3d_with_indices_backward.h>
#include <ATen/ops/zeros.h>

#include "emulator/ops/functions/pooling.h"
#include "emulator/ops/kernels/operand.h"

// Pooling in three dimensions, adaptive maxima, and the way back from maxima to their places.
namespace ascend_emulator {
namespace {

// The last `dims` dimensions of out are zero but where indices point.
void unpool(Tensor& out, const Tensor& self, const Tensor& indices, int64_t dims) {
  const Tensor planes = at::zeros(out.sizes(), out.options()).flatten(-dims);
  planes.scatter_(-1, indices.to(at::kLong).flatten(-dims), self.flatten(-dims));
  out.copy_(planes.reshape(out.sizes()));
}

std::optional<int64_t> divisor(int64_t value) {
  return value == 0 ? std::nullopt : std::optional(value);  // 0 stands for none
}

}  // namespace

EMULATE(aclnnAdaptiveAvgPool3d, [](Tensor self, IntArray size, Tensor out) {
  out.copy_(at::_adaptive_avg_pool3d(wide(self), size));
})
EMULATE(aclnnAdaptiveAvgPool3dBackward, [](Tensor grad, Tensor self, Tensor out) {
  out.copy_(at::_adaptive_avg_pool3d_backward(wide(grad), wide(self)));
})

#define EMULATE_ADAPTIVE_MAX(function, op)                                               \
  EMULATE(function, [](Tensor self, IntArray size, Tensor out, Tensor indices) {         \
    const auto [values, positions] = at::op(self, size);                                 \
    out.copy_(values);                                                                   \
    indices.copy_(positions);                                                            \
  })                                                                                     \
  EMULATE(function##Backward, [](Tensor grad, Tensor self, Tensor indices, Tensor out) { \
    out.copy_(at::op##_backward(wide(grad), wide(self), indices.to(at::kLong)));         \
  })

EMULATE_ADAPTIVE_MAX(aclnnAdaptiveMaxPool2d, adaptive_max_pool2d)
EMULATE_ADAPTIVE_MAX(aclnnAdaptiveMaxPool3d, adaptive_max_pool3d)

EMULATE(aclnnAvgPool3d, [](Tensor self, IntArray kernel, IntArray stride, IntArray padding,
                           bool ceil, bool count_pad, int64_t divide, Tensor out) {
  out.copy_(at::avg_pool3d(wide(self), kernel, stride, padding, ceil, count_pad, divisor(divide)));
})
EMULATE(aclnnAvgPool3dBackward,
        [](Tensor grad, Tensor self, IntArray kernel, IntArray stride, IntArray padding, bool ceil,
           bool count_pad, int64_t divide, Tensor out) {
          out.copy_(at::avg_pool3d_backward(wide(grad), wide(self), kernel, stride, padding, ceil,
                                            count_pad, divisor(divide)));
        })

EMULATE(aclnnMaxPool3dWithArgmax,
        [](Tensor self, IntArray kernel, IntArray stride, IntArray padding, IntArray dilation,
           bool ceil, Tensor out, Tensor indices) {
          const auto [values, positions] =
              at::max_pool3d_with_indices(wide(self), kernel, stride, padding, dilation, ceil);
          out.copy_(values);
          indices.copy_(positions);
        })
EMULATE(aclnnMaxPool3dWithArgmaxBackward, [](Tensor grad, Tensor self, Tensor indices,
                                             IntArray kernel, IntArray stride, IntArray padding,
                                             IntArray dilation, bool ceil, Tensor out) {
  out.copy_(at::max_pool3d_with_indices_backward(wide(grad), wide(self), kernel, stride, padding,
                                                 dilation, ceil, indices.to(at::kLong)));
})

EMULATE(aclnnMaxUnpool2d,
        [](Tensor self, Tensor indices, IntArray, Tensor out) { unpool(out, self, indices, 2); })
EMULATE(aclnnMaxUnpool3d, [](Tensor self, Tensor indices, IntArray, IntArray, IntArray,
                             Tensor out) { unpool(out, self, indices, 3); })

}  // namespace ascend_emulator
