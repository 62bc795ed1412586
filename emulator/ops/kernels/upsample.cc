#include "emulator/ops/functions/upsample.h"

#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_bilinear2d_backward.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/upsample_nearest2d_backward.h>

#include "emulator/ops/emulate.h"

namespace ascend_emulator {
namespace {

// 0 (or less) stands for the ratio of the sizes.
std::optional<double> scale(double value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

EMULATE(aclnnUpsampleNearest2d, [](Tensor self, IntArray size, Tensor out) {
  out.copy_(at::upsample_nearest2d(self, size));
})
EMULATE(aclnnUpsampleNearest2dBackward, [](Tensor grad, IntArray output_size, IntArray input_size,
                                           double scale_h, double scale_w, Tensor out) {
  out.copy_(at::upsample_nearest2d_backward(grad, output_size, input_size, scale(scale_h),
                                            scale(scale_w)));
})
EMULATE(aclnnUpsampleBilinear2d, [](Tensor self, IntArray size, bool align_corners, double scale_h,
                                    double scale_w, Tensor out) {
  out.copy_(at::upsample_bilinear2d(self, size, align_corners, scale(scale_h), scale(scale_w)));
})
EMULATE(aclnnUpsampleBilinear2dBackward,
        [](Tensor grad, IntArray output_size, IntArray input_size, bool align_corners,
           double scale_h, double scale_w, Tensor out) {
          out.copy_(at::upsample_bilinear2d_backward(grad, output_size, input_size, align_corners,
                                                     scale(scale_h), scale(scale_w)));
        })

}  // namespace ascend_emulator
