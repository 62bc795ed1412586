#pragma once

#include "csrc/aten/Outputs.h"

// Output shapes of operators on images: pooling, padding, columns, sampling. They refuse what the
// CPU refuses. For `out:` in ops/*.yaml.
namespace at_npu {

Spec adaptive_pooled(const at::Tensor& self, at::IntArrayRef output_size);
Spec adaptive_pooled3d(const at::Tensor& self, at::IntArrayRef output_size);
Spec pooled3d(const at::Tensor& self, at::IntArrayRef kernel, at::IntArrayRef stride,
              at::IntArrayRef padding, at::IntArrayRef dilation, bool ceil_mode,
              at::ScalarType dtype);
Spec unpooled(const at::Tensor& self, const at::Tensor& indices, at::IntArrayRef output_size);

Spec reflected2d(const at::Tensor& self, at::IntArrayRef padding);
Spec padding_gradient(const at::Tensor& grad, const at::Tensor& self, at::IntArrayRef padding);

Spec columns(const at::Tensor& self, at::IntArrayRef kernel, at::IntArrayRef dilation,
             at::IntArrayRef padding, at::IntArrayRef stride);
Spec image_of_columns(const at::Tensor& self, at::IntArrayRef output_size, at::IntArrayRef kernel,
                      at::IntArrayRef dilation, at::IntArrayRef padding, at::IntArrayRef stride);

Spec convolved(const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef stride,
               at::IntArrayRef padding, at::IntArrayRef dilation);
Spec convolved_transposed(const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef stride,
                          at::IntArrayRef padding, at::IntArrayRef output_padding,
                          at::IntArrayRef dilation);

Spec affine_grid(const at::Tensor& theta, at::IntArrayRef size);
Spec grid_sampled(const at::Tensor& input, const at::Tensor& grid);
Spec shuffled(const at::Tensor& self, int64_t groups);

}  // namespace at_npu
