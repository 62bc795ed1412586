#include <ATen/ops/affine_grid_generator.h>
#include <ATen/ops/grid_sampler_2d.h>
#include <ATen/ops/grid_sampler_2d_backward.h>
#include <ATen/ops/grid_sampler_3d.h>
#include <ATen/ops/grid_sampler_3d_backward.h>

#include "emulator/ops/functions/upsample.h"
#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {

#define EMULATE_GRID_SAMPLER(function, op)                                                        \
  EMULATE(function,                                                                               \
          [](Tensor input, Tensor grid, int64_t mode, int64_t padding, bool align, Tensor out) {  \
            out.copy_(at::op(wide(input), wide(grid), mode, padding, align));                     \
          })                                                                                      \
  EMULATE(function##Backward, [](Tensor grad, Tensor input, Tensor grid, int64_t mode,            \
                                 int64_t padding, bool align, BoolArray mask,                     \
                                 OptionalTensor grad_input, OptionalTensor grad_grid) {           \
    TORCH_CHECK(mask.size() == 2, "outputMask has ", mask.size(), " elements, 2 are needed.");    \
    const auto [of_input, of_grid] = at::op##_backward(wide(grad), wide(input), wide(grid), mode, \
                                                       padding, align, {true, true});             \
    if (mask[0] && grad_input) grad_input->copy_(of_input);                                       \
    if (mask[1] && grad_grid) grad_grid->copy_(of_grid);                                          \
  })

EMULATE_GRID_SAMPLER(aclnnGridSampler2D, grid_sampler_2d)
EMULATE_GRID_SAMPLER(aclnnGridSampler3D, grid_sampler_3d)
EMULATE(aclnnAffineGrid, [](Tensor theta, IntArray size, bool align_corners, Tensor out) {
  out.copy_(at::affine_grid_generator(wide(theta), size, align_corners));
})

}  // namespace ascend_emulator
