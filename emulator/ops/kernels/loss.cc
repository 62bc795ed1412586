#include "emulator/ops/functions/loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_ctc_loss.h>
#include <ATen/ops/_ctc_loss_backward.h>
#include <ATen/ops/binary_cross_entropy.h>
#include <ATen/ops/binary_cross_entropy_backward.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/mse_loss_backward.h>
#include <ATen/ops/multilabel_margin_loss_forward.h>
#include <ATen/ops/nll_loss2d_backward.h>
#include <ATen/ops/nll_loss2d_forward.h>
#include <ATen/ops/nll_loss_backward.h>
#include <ATen/ops/nll_loss_forward.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/smooth_l1_loss_backward.h>
#include <ATen/ops/soft_margin_loss.h>
#include <ATen/ops/soft_margin_loss_backward.h>

#include <algorithm>

#include "emulator/ops/kernels/operand.h"

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

EMULATE(aclnnSoftMarginLoss, [](Tensor self, Tensor target, int64_t reduction, Tensor out) {
  out.copy_(at::soft_margin_loss(wide(self), wide(target), reduction));
})
EMULATE(aclnnSoftMarginLossBackward,
        [](Tensor grad, Tensor self, Tensor target, int64_t reduction, Tensor out) {
          out.copy_(at::soft_margin_loss_backward(wide(grad), wide(self), wide(target), reduction));
        })
EMULATE(aclnnMultilabelMarginLoss,
        [](Tensor self, Tensor target, int64_t reduction, Tensor out, Tensor is_target) {
          const auto [loss, flags] =
              at::multilabel_margin_loss_forward(wide(self), target.to(at::kLong), reduction);
          out.copy_(loss);
          is_target.copy_(flags);
        })

// log_alpha has room for more than 2 * longest target + 1 columns: the hardware aligns them.
EMULATE(aclnnCtcLoss, [](Tensor log_probs, Tensor targets, IntArray input_lengths,
                         IntArray target_lengths, int64_t blank, bool zero_infinity, Tensor loss,
                         Tensor log_alpha) {
  const auto [values, alpha] = at::_ctc_loss(wide(log_probs), targets.to(at::kLong), input_lengths,
                                             target_lengths, blank, zero_infinity);
  loss.copy_(values);
  log_alpha.narrow(2, 0, alpha.size(2)).copy_(alpha);
})
EMULATE(aclnnCtcLossBackward, [](Tensor grad, Tensor log_probs, Tensor targets,
                                 IntArray input_lengths, IntArray target_lengths, Tensor loss,
                                 Tensor log_alpha, int64_t blank, bool zero_infinity, Tensor out) {
  const int64_t longest = *std::max_element(target_lengths.begin(), target_lengths.end());
  const Tensor alpha = wide(log_alpha).narrow(2, 0, 2 * longest + 1).contiguous();
  out.copy_(at::_ctc_loss_backward(wide(grad), wide(log_probs), targets.to(at::kLong),
                                   input_lengths, target_lengths, wide(loss), alpha, blank,
                                   zero_infinity));
})

}  // namespace ascend_emulator
