#include <ATen/TensorOperators.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>

#include "emulator/ops/functions/normalization.h"
#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {
namespace {

constexpr double kExcluded = -10000;

Tensor excluded(const Tensor& scores, const Tensor& mask, bool fixed_triu) {
  return fixed_triu ? at::ones(scores.sizes().slice(scores.dim() - 2), at::kBool).triu(1) : mask;
}

}  // namespace

EMULATE(aclnnScaledMaskedSoftmax, [](Tensor x, Tensor mask, double scale, bool fixed_triu,
                                     Tensor y) {
  const Tensor scores = (wide(x) * scale).masked_fill(excluded(x, mask, fixed_triu), kExcluded);
  y.copy_(at::softmax(scores, -1));
})
EMULATE(aclnnScaledMaskedSoftmaxBackward, [](Tensor grad, Tensor y, Tensor mask, double scale,
                                             bool fixed_triu, Tensor out) {
  const Tensor values = wide(y);
  const Tensor of_scores = at::_softmax_backward_data(wide(grad), values, -1, values.scalar_type());
  out.copy_((of_scores * scale).masked_fill(excluded(y, mask, fixed_triu), 0));
})

}  // namespace ascend_emulator
