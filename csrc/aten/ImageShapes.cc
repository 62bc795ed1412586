#include "csrc/aten/ImageShapes.h"

#include <ATen/native/ConvUtils.h>
#include <ATen/native/GridSamplerUtils.h>
#include <ATen/native/Padding.h>
#include <ATen/native/Pool.h>
#include <ATen/native/im2col_shape_check.h>

#include "csrc/aten/Arguments.h"

namespace at_npu {
namespace {

// channels_last if `self` is.
void follow_format(Spec& spec, const at::Tensor& self) {
  if (self.suggest_memory_format() != at::MemoryFormat::ChannelsLast) return;
  const auto strides = c10::get_channels_last_strides_2d(at::IntArrayRef(spec.sizes));
  spec.strides.assign(strides.begin(), strides.end());
}

// `self` with other last dimensions.
Spec with_last(const at::Tensor& self, at::IntArrayRef sizes, at::ScalarType dtype) {
  Spec result = sized(self, self.sizes(), dtype);
  std::copy(sizes.begin(), sizes.end(), result.sizes.end() - static_cast<int64_t>(sizes.size()));
  return result;
}

Spec adaptive(const char* op, int64_t dims, const at::Tensor& self, at::IntArrayRef output_size) {
  TORCH_CHECK(static_cast<int64_t>(output_size.size()) == dims, op, ": output_size must be ", dims);
  TORCH_CHECK(self.dim() == dims + 1 || self.dim() == dims + 2, op, "(): Expected ", dims + 1,
              "D or ", dims + 2, "D tensor, but got ", self.sizes());
  for (int64_t i = 1; i <= dims; ++i) {
    TORCH_CHECK(self.size(-i) > 0, op,
                "(): Expected input to have non-zero size for non-batch dimensions, but input has "
                "sizes ",
                self.sizes(), " with dimension ", self.dim() - i, " being empty");
  }
  Spec result = with_last(self, output_size, self.scalar_type());
  follow_format(result, self);
  return result;
}

void check_two(const char* name, at::IntArrayRef values) {
  TORCH_CHECK(values.size() == 2, "It is expected ", name, " equals to 2, but got size ",
              values.size());
}

}  // namespace

Spec adaptive_pooled(const at::Tensor& self, at::IntArrayRef output_size) {
  return adaptive("adaptive_avg_pool2d", 2, self, output_size);
}

Spec adaptive_pooled3d(const at::Tensor& self, at::IntArrayRef output_size) {
  return adaptive("adaptive_avg_pool3d", 3, self, output_size);
}

Spec pooled3d(const at::Tensor& self, at::IntArrayRef kernel, at::IntArrayRef stride,
              at::IntArrayRef padding, at::IntArrayRef dilation, bool ceil_mode,
              at::ScalarType dtype) {
  const auto check = [](const char* name, at::IntArrayRef values, bool may_be_empty) {
    TORCH_CHECK(values.size() == 1 || values.size() == 3 || (may_be_empty && values.empty()),
                "max_pool3d: ", name, " must either be a single int, or a tuple of three ints");
  };
  check("kernel_size", kernel, false);
  check("stride", stride, true);
  check("padding", padding, false);
  check("dilation", dilation, false);
  TORCH_CHECK(self.dim() == 4 || self.dim() == 5,
              "max_pool3d(): Expected 4D or 5D input tensor, but got ", self.sizes());
  const Sizes k = triple(kernel), s = triple_or(stride, kernel), p = triple(padding),
              d = triple(dilation);
  Sizes out(3);
  for (int64_t i = 0; i < 3; ++i) {
    out[i] = at::native::pooling_output_shape<int64_t>(self.size(i - 3), k[i], p[i], s[i], d[i],
                                                       ceil_mode);
  }
  const auto number = [](int64_t value) { return static_cast<int>(value); };
  at::native::pool3d_shape_check(self, self.size(-4), number(k[0]), number(k[1]), number(k[2]),
                                 number(s[0]), number(s[1]), number(s[2]), number(p[0]),
                                 number(p[1]), number(p[2]), number(d[0]), number(d[1]),
                                 number(d[2]), self.size(-3), self.size(-2), self.size(-1), out[0],
                                 out[1], out[2], "max_pool3d_with_indices_out()");
  return with_last(self, out, dtype);
}

Spec unpooled(const at::Tensor& self, const at::Tensor& indices, at::IntArrayRef output_size) {
  const auto dims = static_cast<int64_t>(output_size.size());
  TORCH_CHECK(indices.scalar_type() == at::kLong,
              "elements in indices should be type int64 but got type: ", indices.scalar_type());
  TORCH_CHECK(self.dim() == dims + 1 || self.dim() == dims + 2, "Input to max_unpooling", dims,
              "d should be a ", dims + 1, "d or ", dims + 2, "d Tensor, but got a tensor with ",
              self.dim(), " dimensions.");
  TORCH_CHECK(self.sizes() == indices.sizes(),
              "Expected shape of indices to be same as that of the input tensor (", self.sizes(),
              ") but got indices tensor with shape: ", indices.sizes());
  for (int64_t i = 1; i < self.dim(); ++i) {
    TORCH_CHECK(self.size(i) > 0, "max_unpooling", dims,
                "d(): Expected input to have non-zero size for non-batch dimensions, but got ",
                self.sizes(), " with dimension ", i, " being empty.");
  }
  return with_last(self, output_size, self.scalar_type());
}

Spec reflected2d(const at::Tensor& self, at::IntArrayRef padding) {
  at::native::padding::check_valid_input<2>(self, padding);
  for (int64_t i = 0; i < 2; ++i) {
    const int64_t size = self.size(-1 - i);
    TORCH_CHECK(padding[2 * i] < size && padding[2 * i + 1] < size,
                "Padding size should be less than the corresponding input dimension, but got: "
                "padding (",
                padding[2 * i], ", ", padding[2 * i + 1], ") at dimension ", self.dim() - 1 - i,
                " of input ", self.sizes());
  }
  const Sizes last{self.size(-2) + padding[2] + padding[3],
                   self.size(-1) + padding[0] + padding[1]};
  TORCH_CHECK(last[0] >= 1 || last[1] >= 1, "input (H: ", self.size(-2), ", W: ", self.size(-1),
              ") is too small. Calculated output H: ", last[0], " W: ", last[1]);
  Spec result = with_last(self, last, self.scalar_type());
  follow_format(result, self);
  return result;
}

Spec padding_gradient(const at::Tensor& grad, const at::Tensor& self, at::IntArrayRef padding) {
  for (size_t i = 0; i < padding.size() / 2; ++i) {
    const auto dim = -1 - static_cast<int64_t>(i);
    const int64_t expected = self.size(dim) + padding[2 * i] + padding[2 * i + 1];
    TORCH_CHECK(grad.size(dim) == expected, "grad_output has size ", grad.size(dim),
                " at dimension ", self.dim() + dim, ", expected ", expected);
  }
  return like(self);
}

Spec columns(const at::Tensor& self, at::IntArrayRef kernel, at::IntArrayRef dilation,
             at::IntArrayRef padding, at::IntArrayRef stride) {
  check_two("kernel_size", kernel);
  check_two("dilation", dilation);
  check_two("padding", padding);
  check_two("stride", stride);
  at::native::im2col_shape_check(self, at::Tensor(), kernel[0], kernel[1], dilation[0], dilation[1],
                                 padding[0], padding[1], stride[0], stride[1]);
  const auto blocks = [&](int64_t i) {
    return (self.size(i - 2) + 2 * padding[i] - (dilation[i] * (kernel[i] - 1) + 1)) / stride[i] +
           1;
  };
  Sizes sizes(self.sizes().begin(), self.sizes().end() - 2);
  sizes.back() *= kernel[0] * kernel[1];
  sizes.push_back(blocks(0) * blocks(1));
  return sized(self, sizes);
}

Spec image_of_columns(const at::Tensor& self, at::IntArrayRef output_size, at::IntArrayRef kernel,
                      at::IntArrayRef dilation, at::IntArrayRef padding, at::IntArrayRef stride) {
  check_two("output_size", output_size);
  check_two("kernel_size", kernel);
  check_two("dilation", dilation);
  check_two("padding", padding);
  check_two("stride", stride);
  at::native::col2im_shape_check(self, at::Tensor(), output_size[0], output_size[1], kernel[0],
                                 kernel[1], dilation[0], dilation[1], padding[0], padding[1],
                                 stride[0], stride[1]);
  Sizes sizes(self.sizes().begin(), self.sizes().end() - 1);
  sizes.back() /= kernel[0] * kernel[1];
  sizes.append(output_size.begin(), output_size.end());
  return sized(self, sizes);
}

Spec grid_sampled(const at::Tensor& input, const at::Tensor& grid) {
  at::native::check_grid_sampler_common(input, grid);
  TORCH_CHECK(input.scalar_type() == grid.scalar_type(),
              "grid_sampler(): expected input and grid to have same dtype, but input has ",
              input.scalar_type(), " and grid has ", grid.scalar_type());
  Sizes sizes{input.size(0), input.size(1)};
  sizes.append(grid.sizes().begin() + 1, grid.sizes().end() - 1);
  return sized(input, sizes);
}

Spec shuffled(const at::Tensor& self, int64_t groups) {
  TORCH_CHECK(self.dim() > 2,
              "channel_shuffle expects input with > 2 dims, but got input with "
              "sizes ",
              self.sizes());
  TORCH_CHECK(groups > 0,
              "Number of groups to divide channels in must be positive. Value of "
              "groups: ",
              groups);
  TORCH_CHECK(self.size(1) % groups == 0, "Number of channels must be divisible by groups. Got ",
              self.size(1), " channels and ", groups, " groups.");
  return sized(self, self.sizes());
}

Spec convolved(const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef stride,
               at::IntArrayRef padding, at::IntArrayRef dilation) {
  check_same_dtype("convolution", {input, weight});
  return sized(input, at::native::conv_output_size(input.sizes(), weight.sizes(), padding, stride,
                                                   dilation));
}

Spec convolved_transposed(const at::Tensor& input, const at::Tensor& weight, at::IntArrayRef stride,
                          at::IntArrayRef padding, at::IntArrayRef output_padding,
                          at::IntArrayRef dilation) {
  check_same_dtype("convolution", {input, weight});
  return sized(input, at::native::conv_input_size(input.sizes(), weight.sizes(), padding,
                                                  output_padding, stride, dilation, /*groups=*/1));
}

Spec affine_grid(const at::Tensor& theta, at::IntArrayRef size) {
  TORCH_CHECK(size.size() == 4 || size.size() == 5,
              "AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.");
  const auto spatial = static_cast<int64_t>(size.size()) - 2;
  TORCH_CHECK(theta.sizes() == at::IntArrayRef({size[0], spatial, spatial + 1}),
              "Expected theta of shape [", size[0], ", ", spatial, ", ", spatial + 1,
              "] for a grid of size ", size, ", but got ", theta.sizes());
  at::DimVector sizes(size.slice(2));
  sizes.insert(sizes.begin(), size[0]);
  sizes.push_back(spatial);
  return sized(theta, sizes);
}

}  // namespace at_npu
