#include "csrc/aten/aclnn/convolution.h"

#include <ATen/native/ConvUtils.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

Sizes output_sizes(const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef stride,
                   at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                   at::IntArrayRef output_padding, int64_t groups) {
  const auto sizes =
      transposed
          ? at::native::conv_input_size(input.sizes(), weight.sizes(), padding, output_padding,
                                        stride, dilation, groups)
          : at::native::conv_output_size(input.sizes(), weight.sizes(), padding, stride, dilation);
  return {sizes.begin(), sizes.end()};
}

// channels_last if either input is, as on other devices.
std::optional<at::MemoryFormat> output_format(const at::Tensor& input, const at::Tensor& weight) {
  const at::MemoryFormat format = input.suggest_memory_format();
  return format == at::MemoryFormat::Contiguous ? weight.suggest_memory_format() : format;
}

void check(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
           at::IntArrayRef stride, at::IntArrayRef dilation, bool transposed,
           at::IntArrayRef output_padding) {
  check_same_dtype("convolution", {input, weight});
  check_weight("convolution", input, bias);
  for (size_t i = 0; transposed && i < output_padding.size(); ++i) {
    TORCH_CHECK(output_padding[i] < stride[i] || output_padding[i] < dilation[i],
                "output padding must be smaller than either stride or dilation, but got "
                "output_padding: ",
                output_padding, " stride: ", stride, " dilation: ", dilation);
  }
}

at::Tensor convolution(const at::Tensor& input, const at::Tensor& weight,
                       const std::optional<at::Tensor>& bias, at::IntArrayRef stride,
                       at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, int64_t groups) {
  check(input, weight, bias, stride, dilation, transposed, output_padding);
  const c10_npu::NPUGuard guard(input.device());
  const at::Tensor out = empty(
      output_sizes(input, weight, stride, padding, dilation, transposed, output_padding, groups),
      input.scalar_type(), input.device(), output_format(input, weight));
  if (out.numel() == 0) return out;
  ACLNN_CALL(aclnnConvolution, input, weight, bias, stride, padding, dilation, transposed,
             output_padding, groups, out, cube_math_type());
  return out;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& grad_output, const at::Tensor& input, const at::Tensor& weight,
    at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
    at::IntArrayRef output_padding, int64_t groups, std::array<bool, 3> output_mask) {
  const c10_npu::NPUGuard guard(input.device());
  const int64_t channels = grad_output.size(1);
  const at::Tensor grad_input = output_mask[0] ? make(like(input)) : at::Tensor();
  const at::Tensor grad_weight = output_mask[1] ? make(like(weight)) : at::Tensor();
  const at::Tensor grad_bias = output_mask[2] ? new_like(weight, {channels}) : at::Tensor();
  ACLNN_CALL(aclnnConvolutionBackward, grad_output, input, weight, at::IntArrayRef(channels),
             stride, padding, dilation, transposed, output_padding, groups,
             at::ArrayRef<bool>(output_mask), cube_math_type(), grad_input, grad_weight, grad_bias);
  return {grad_input, grad_weight, grad_bias};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("convolution_overrideable", &convolution);
  m.impl("convolution_backward_overrideable", &convolution_backward);
}

}  // namespace at_npu
