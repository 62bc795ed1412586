#include "emulator/ops/functions/upsample.h"

#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/_upsample_bicubic2d_aa_backward.h>
#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/_upsample_bilinear2d_aa_backward.h>
#include <ATen/ops/_upsample_nearest_exact1d.h>
#include <ATen/ops/_upsample_nearest_exact1d_backward.h>
#include <ATen/ops/_upsample_nearest_exact2d.h>
#include <ATen/ops/_upsample_nearest_exact2d_backward.h>
#include <ATen/ops/_upsample_nearest_exact3d.h>
#include <ATen/ops/_upsample_nearest_exact3d_backward.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_bicubic2d_backward.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_bilinear2d_backward.h>
#include <ATen/ops/upsample_linear1d.h>
#include <ATen/ops/upsample_linear1d_backward.h>
#include <ATen/ops/upsample_nearest1d.h>
#include <ATen/ops/upsample_nearest1d_backward.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/upsample_nearest2d_backward.h>
#include <ATen/ops/upsample_nearest3d.h>
#include <ATen/ops/upsample_nearest3d_backward.h>
#include <ATen/ops/upsample_trilinear3d.h>
#include <ATen/ops/upsample_trilinear3d_backward.h>

#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {
namespace {

// 0 (or less) stands for the ratio of the sizes.
std::optional<double> scale(double value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

// function(self, sizes, [align corners,] a scale per dimension, out), and its derivative, which
// takes the output's and the input's sizes.
#define SCALES_1 double first
#define SCALES_2 double first, double second
#define SCALES_3 double first, double second, double third
#define GIVEN_1 scale(first)
#define GIVEN_2 scale(first), scale(second)
#define GIVEN_3 scale(first), scale(second), scale(third)

#define EMULATE_NEAREST(function, op, dims)                                     \
  EMULATE(function, [](Tensor self, IntArray size, SCALES_##dims, Tensor out) { \
    out.copy_(at::op(wide(self), size, GIVEN_##dims));                          \
  })
#define EMULATE_NEAREST_BACKWARD(function, op, dims)                                              \
  EMULATE(function,                                                                               \
          [](Tensor grad, IntArray output_size, IntArray input_size, SCALES_##dims, Tensor out) { \
            out.copy_(at::op(wide(grad), output_size, input_size, GIVEN_##dims));                 \
          })
#define EMULATE_LINEAR(function, op, dims)                                                  \
  EMULATE(function, [](Tensor self, IntArray size, bool align, SCALES_##dims, Tensor out) { \
    out.copy_(at::op(wide(self), size, align, GIVEN_##dims));                               \
  })
#define EMULATE_LINEAR_BACKWARD(function, op, dims)                                        \
  EMULATE(function, [](Tensor grad, IntArray output_size, IntArray input_size, bool align, \
                       SCALES_##dims, Tensor out) {                                        \
    out.copy_(at::op(wide(grad), output_size, input_size, align, GIVEN_##dims));           \
  })

EMULATE(aclnnUpsampleNearest2d, [](Tensor self, IntArray size, Tensor out) {
  out.copy_(at::upsample_nearest2d(self, size));
})
EMULATE_NEAREST(aclnnUpsampleNearest1dV2, upsample_nearest1d, 1)
EMULATE_NEAREST(aclnnUpsampleNearest2dV2, upsample_nearest2d, 2)
EMULATE_NEAREST(aclnnUpsampleNearest3d, upsample_nearest3d, 3)
EMULATE_NEAREST(aclnnUpsampleNearestExact1d, _upsample_nearest_exact1d, 1)
EMULATE_NEAREST(aclnnUpsampleNearestExact2d, _upsample_nearest_exact2d, 2)
EMULATE_NEAREST(aclnnUpsampleNearestExact3d, _upsample_nearest_exact3d, 3)
EMULATE_NEAREST_BACKWARD(aclnnUpsampleNearest1dBackward, upsample_nearest1d_backward, 1)
EMULATE_NEAREST_BACKWARD(aclnnUpsampleNearest2dBackward, upsample_nearest2d_backward, 2)
EMULATE_NEAREST_BACKWARD(aclnnUpsampleNearest3dBackward, upsample_nearest3d_backward, 3)
EMULATE_NEAREST_BACKWARD(aclnnUpsampleNearestExact1dBackward, _upsample_nearest_exact1d_backward, 1)
EMULATE_NEAREST_BACKWARD(aclnnUpsampleNearestExact2dBackward, _upsample_nearest_exact2d_backward, 2)
EMULATE_NEAREST_BACKWARD(aclnnUpsampleNearestExact3dBackward, _upsample_nearest_exact3d_backward, 3)

EMULATE_LINEAR(aclnnUpsampleLinear1d, upsample_linear1d, 1)
EMULATE_LINEAR(aclnnUpsampleBilinear2d, upsample_bilinear2d, 2)
EMULATE_LINEAR(aclnnUpsampleBilinear2dAA, _upsample_bilinear2d_aa, 2)
EMULATE_LINEAR(aclnnUpsampleBicubic2d, upsample_bicubic2d, 2)
EMULATE_LINEAR(aclnnUpsampleBicubic2dAA, _upsample_bicubic2d_aa, 2)
EMULATE_LINEAR(aclnnUpsampleTrilinear3d, upsample_trilinear3d, 3)
EMULATE_LINEAR_BACKWARD(aclnnUpsampleLinear1dBackward, upsample_linear1d_backward, 1)
EMULATE_LINEAR_BACKWARD(aclnnUpsampleBilinear2dBackward, upsample_bilinear2d_backward, 2)
EMULATE_LINEAR_BACKWARD(aclnnUpsampleBilinear2dAABackward, _upsample_bilinear2d_aa_backward, 2)
EMULATE_LINEAR_BACKWARD(aclnnUpsampleBicubic2dBackward, upsample_bicubic2d_backward, 2)
EMULATE_LINEAR_BACKWARD(aclnnUpsampleBicubic2dAAGrad, _upsample_bicubic2d_aa_backward, 2)
EMULATE_LINEAR_BACKWARD(aclnnUpsampleTrilinear3dBackward, upsample_trilinear3d_backward, 3)

}  // namespace ascend_emulator
