#include "emulator/ops/functions/convolution.h"

#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>

#include <array>

#include "emulator/ops/emulate.h"
#include "emulator/ops/kernels/gradients.h"

namespace ascend_emulator {

EMULATE(aclnnConvolution, [](Tensor input, Tensor weight, OptionalTensor bias, IntArray stride,
                             IntArray padding, IntArray dilation, bool transposed,
                             IntArray output_padding, int64_t groups, Tensor out, int64_t) {
  out.copy_(at::convolution(input, weight, bias, stride, padding, dilation, transposed,
                            output_padding, groups));
})

// The hardware's gradients are null or empty where the mask does not ask for them.
EMULATE(aclnnConvolutionBackward,
        [](Tensor grad, Tensor input, Tensor weight, OptionalIntArray bias_sizes, IntArray stride,
           IntArray padding, IntArray dilation, bool transposed, IntArray output_padding,
           int64_t groups, BoolArray mask, int64_t, OptionalTensor grad_input,
           OptionalTensor grad_weight, OptionalTensor grad_bias) {
          const std::array<bool, 3> wanted = output_mask(mask, grad_input, grad_weight, grad_bias);
          store(wanted,
                at::convolution_backward(grad, input, weight, bias_sizes, stride, padding, dilation,
                                         transposed, output_padding, groups, wanted),
                grad_input, grad_weight, grad_bias);
        })

}  // namespace ascend_emulator
