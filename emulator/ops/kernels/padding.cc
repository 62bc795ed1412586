#include "emulator/ops/functions/padding.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/col2im.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/unfold_backward.h>
#include <ATen/ops/zeros.h>

#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {
namespace {

// Where each element of a padded dimension comes from.
using Places = Tensor (*)(int64_t size, int64_t before, int64_t after);

Tensor reflected(int64_t size, int64_t before, int64_t after) {
  return (size - 1) - ((size - 1) - at::arange(-before, size + after).abs()).abs();
}

Tensor replicated(int64_t size, int64_t before, int64_t after) {
  return at::arange(-before, size + after).clamp(0, size - 1);
}

// `padding` lists (before, after) from the last dimension on.
template <Places places>
void pad(const Tensor& self, IntArray padding, Tensor& out) {
  Tensor result = self;
  for (size_t i = 0; i < padding.size() / 2; ++i) {
    const int64_t dim = self.dim() - 1 - static_cast<int64_t>(i);
    result = result.index_select(dim, places(self.size(dim), padding[2 * i], padding[2 * i + 1]));
  }
  out.copy_(result);
}

template <Places places>
void pad_backward(const Tensor& grad, const Tensor& self, IntArray padding, Tensor& out) {
  Tensor result = wide(grad);
  for (size_t i = 0; i < padding.size() / 2; ++i) {
    const int64_t dim = self.dim() - 1 - static_cast<int64_t>(i);
    std::vector<int64_t> sizes = result.sizes().vec();
    sizes[dim] = self.size(dim);
    result =
        at::zeros(sizes, result.options())
            .index_add_(dim, places(self.size(dim), padding[2 * i], padding[2 * i + 1]), result);
  }
  out.copy_(result);
}

}  // namespace

#define EMULATE_PAD(function, places)                                                         \
  EMULATE(function,                                                                           \
          [](Tensor self, IntArray padding, Tensor out) { pad<places>(self, padding, out); }) \
  EMULATE(function##Backward, [](Tensor grad, Tensor self, IntArray padding, Tensor out) {    \
    pad_backward<places>(grad, self, padding, out);                                           \
  })

EMULATE_PAD(aclnnReflectionPad1d, reflected)
EMULATE_PAD(aclnnReflectionPad2d, reflected)
EMULATE_PAD(aclnnReflectionPad3d, reflected)
EMULATE_PAD(aclnnReplicationPad1d, replicated)
EMULATE_PAD(aclnnReplicationPad2d, replicated)
EMULATE_PAD(aclnnReplicationPad3d, replicated)

// As views of the padded image, so that it works for every type.
EMULATE(aclnnIm2col, [](Tensor self, IntArray kernel, IntArray dilation, IntArray padding,
                        IntArray stride, Tensor out) {
  const Tensor image = at::constant_pad_nd(self.dim() == 3 ? self.unsqueeze(0) : self,
                                           {padding[1], padding[1], padding[0], padding[0]}, 0)
                           .contiguous();
  const auto blocks = [&](int64_t i) {
    return (image.size(2 + i) - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1;
  };
  const IntArray steps = image.strides();
  const Tensor windows =
      image.as_strided({image.size(0), image.size(1), kernel[0], kernel[1], blocks(0), blocks(1)},
                       {steps[0], steps[1], steps[2] * dilation[0], steps[3] * dilation[1],
                        steps[2] * stride[0], steps[3] * stride[1]});
  out.copy_(windows.reshape(out.sizes()));
})
EMULATE(aclnnIm2colBackward, [](Tensor grad, IntArray input_size, IntArray kernel,
                                IntArray dilation, IntArray padding, IntArray stride, Tensor out) {
  out.copy_(at::col2im(wide(grad), input_size, kernel, dilation, padding, stride));
})
EMULATE(aclnnUnfoldGrad,
        [](Tensor grad, IntArray input_sizes, int64_t dim, int64_t size, int64_t step, Tensor out) {
          out.copy_(at::unfold_backward(wide(grad), input_sizes, dim, size, step));
        })

}  // namespace ascend_emulator
