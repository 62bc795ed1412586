#include "emulator/ops/functions/loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_backward.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/mse_loss_backward.h>
#include <ATen/ops/nll_loss2d_backward.h>
#include <ATen/ops/nll_loss2d_forward.h>
#include <ATen/ops/nll_loss_backward.h>
#include <ATen/ops/nll_loss_forward.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/smooth_l1_loss_backward.h>

#include "emulator/ops/emulate.h"

// Reductions are ATen's numbers: 0 none, 1 mean, 2 sum.
namespace ascend_emulator {

#define EMULATE_NLL(function, op)                                                            \
  EMULATE(function, [](Tensor self, Tensor target, Tensor weight, int64_t reduction,         \
                       int64_t ignore_index, Tensor out, Tensor total_weight) {              \
    const auto [loss, total] =                                                               \
        at::op##_forward(self, target.to(at::kLong), weight, reduction, ignore_index);       \
    out.copy_(loss);                                                                         \
    total_weight.copy_(total);                                                               \
  })                                                                                         \
  EMULATE(function##Backward,                                                                \
          [](Tensor grad, Tensor self, Tensor target, Tensor weight, int64_t reduction,      \
             int64_t ignore_index, Tensor total_weight, Tensor out) {                        \
            out.copy_(at::op##_backward(grad, self, target.to(at::kLong), weight, reduction, \
                                        ignore_index, total_weight));                        \
          })

EMULATE_NLL(aclnnNLLLoss, nll_loss)
EMULATE_NLL(aclnnNLLLoss2d, nll_loss2d)

EMULATE(aclnnMseLoss, [](Tensor self, Tensor target, int64_t reduction, Tensor out) {
  out.copy_(at::mse_loss(self, target, reduction));
})
EMULATE(aclnnMseLossOut, [](Tensor self, Tensor target, int64_t reduction, Tensor out) {
  out.copy_(at::mse_loss(self, target, reduction));
})
EMULATE(aclnnMseLossBackward,
        [](Tensor grad, Tensor self, Tensor target, int64_t reduction, Tensor out) {
          out.copy_(at::mse_loss_backward(grad, self, target, reduction));
        })
EMULATE(aclnnL1Loss, [](Tensor self, Tensor target, int64_t reduction, Tensor out) {
  out.copy_(at::l1_loss(self, target, reduction));
})
EMULATE(aclnnL1LossBackward,
        [](Tensor grad, Tensor self, Tensor target, int64_t reduction, Tensor out) {
          Tensor result = (self - target).sign() * grad;
          if (reduction == at::Reduction::Mean) result /= self.numel();
          out.copy_(result);
        })
EMULATE(aclnnSmoothL1Loss,
        [](Tensor self, Tensor target, int64_t reduction, double beta, Tensor out) {
          out.copy_(at::smooth_l1_loss(self, target, reduction, beta));
        })
EMULATE(aclnnSmoothL1LossBackward,
        [](Tensor grad, Tensor self, Tensor target, int64_t reduction, double beta, Tensor out) {
          out.copy_(at::smooth_l1_loss_backward(grad, self, target, reduction, beta));
        })

EMULATE(aclnnBinaryCrossEntropy,
        [](Tensor self, Tensor target, OptionalTensor weight, int64_t reduction, Tensor out) {
          out.copy_(at::binary_cross_entropy(self, target, weight, reduction));
        })
EMULATE(aclnnBinaryCrossEntropyBackward, [](Tensor grad, Tensor self, Tensor target,
                                            OptionalTensor weight, int64_t reduction, Tensor out) {
  out.copy_(at::binary_cross_entropy_backward(grad, self, target, weight, reduction));
})
EMULATE(aclnnBinaryCrossEntropyWithLogits, [](Tensor self, Tensor target, OptionalTensor weight,
                                              OptionalTensor pos_weight, int64_t reduction,
                                              Tensor out) {
  out.copy_(at::binary_cross_entropy_with_logits(self, target, weight, pos_weight, reduction));
})
EMULATE(aclnnKlDiv, [](Tensor self, Tensor target, int64_t reduction, bool log_target, Tensor out) {
  out.copy_(at::kl_div(self, target, reduction, log_target));
})

}  // namespace ascend_emulator
