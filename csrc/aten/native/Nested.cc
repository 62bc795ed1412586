#include <ATen/ops/_nested_from_padded_native.h>
#include <ATen/ops/_nested_tensor_from_mask_left_aligned_native.h>
#include <ATen/ops/_nested_tensor_from_mask_native.h>
#include <ATen/ops/_nested_tensor_softmax_with_shape_native.h>
#include <ATen/ops/_nested_view_from_buffer_native.h>
#include <ATen/ops/bmm_native.h>
#include <ATen/ops/to_padded_tensor_native.h>
#include <torch/library.h>

// Nested tensors of the strided layout, which nn.TransformerEncoder makes of padded batches: the
// kernels that PyTorch composes of operators where it has others for CUDA. Those that it has for
// both are generated, csrc/aten/codegen/layouts.py.
namespace at_npu {

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_nested_from_padded", &at::native::nested_from_padded_generic);
  m.impl("_nested_tensor_from_mask", &at::native::NestedTensor_nested_tensor_from_mask);
  m.impl("_nested_tensor_from_mask_left_aligned",
         &at::native::NestedTensor_nested_tensor_from_mask_left_aligned);
  m.impl("_nested_view_from_buffer", &at::native::_nested_view_from_buffer);
}

TORCH_LIBRARY_IMPL(aten, NestedTensorPrivateUse1, m) {
  m.impl("to_padded_tensor", &at::native::NestedTensor_to_padded_tensor_generic);
  m.impl("_nested_tensor_softmax_with_shape", &at::native::NestedTensor_softmax_dropout);
  m.impl("bmm", &at::native::bmm_nested);
}

}  // namespace at_npu
