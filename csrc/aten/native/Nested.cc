#include <ATen/ops/_nested_from_padded_native.h>
#include <ATen/ops/_nested_tensor_from_mask_left_aligned_native.h>
#include <ATen/ops/_nested_tensor_from_mask_native.h>
#include <ATen/ops/_nested_tensor_softmax_with_shape_native.h>
#include <ATen/ops/_nested_view_from_buffer.h>
#include <ATen/ops/_nested_view_from_buffer_native.h>
#include <ATen/ops/bmm_native.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/to_padded_tensor_native.h>
#include <torch/library.h>

#include <vector>

// Nested tensors of the strided layout, which nn.TransformerEncoder makes of padded batches: the
// kernels that PyTorch composes of operators where it has others for CUDA. Those that it has for
// both are generated, csrc/aten/codegen/layouts.py.
namespace at_npu {
namespace {

using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

// The elements of all parts, one after the other, of which `shape` are normalised together.
at::Tensor rows_of(const at::Tensor& nested, at::IntArrayRef shape) {
  std::vector<int64_t> sizes{-1};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  return nested.contiguous().values().reshape(sizes);
}

at::Tensor nested_like(const at::Tensor& nested, const at::Tensor& rows) {
  const at::Tensor parts = nested.contiguous();
  return at::_nested_view_from_buffer(rows.reshape({-1}), parts._nested_tensor_size(),
                                      parts._nested_tensor_strides(),
                                      parts._nested_tensor_storage_offsets());
}

Three layer_norm(const at::Tensor& input, at::IntArrayRef shape,
                 const std::optional<at::Tensor>& weight, const std::optional<at::Tensor>& bias,
                 double eps) {
  const auto [rows, mean, rstd] =
      at::native_layer_norm(rows_of(input, shape), shape, weight, bias, eps);
  return {nested_like(input, rows), mean, rstd};
}

Three layer_norm_backward(const at::Tensor& grad, const at::Tensor& input, at::IntArrayRef shape,
                          const at::Tensor& mean, const at::Tensor& rstd,
                          const std::optional<at::Tensor>& weight,
                          const std::optional<at::Tensor>& bias, std::array<bool, 3> mask) {
  auto [rows, grad_weight, grad_bias] = at::native_layer_norm_backward(
      rows_of(grad, shape), rows_of(input, shape), shape, mean, rstd, weight, bias, mask);
  return {rows.defined() ? nested_like(input, rows) : rows, grad_weight, grad_bias};
}

}  // namespace

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
  m.impl("native_layer_norm", &layer_norm);
  m.impl("native_layer_norm_backward", &layer_norm_backward);
}

}  // namespace at_npu
