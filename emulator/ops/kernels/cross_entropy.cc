#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include "emulator/ops/functions/loss.h"
#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {
namespace {

int64_t reduction_of(std::string_view name) {
  TORCH_CHECK(name == "mean" || name == "sum" || name == "none", "reductionOptional is ", name,
              "; it must be mean, sum or none.");
  return name == "none"  ? at::Reduction::None
         : name == "sum" ? at::Reduction::Sum
                         : at::Reduction::Mean;
}

void check_no_zloss(double scale) {
  TORCH_CHECK(scale == 0, "lseSquareScaleForZloss is not emulated; it must be 0.");
}

}  // namespace

EMULATE(aclnnCrossEntropyLoss,
        [](Tensor input, Tensor target, OptionalTensor weight, std::string_view reduction,
           int64_t ignore_index, double smoothing, double zloss_scale, bool, Tensor loss,
           Tensor log_prob, Tensor zloss, Tensor lse) {
          check_no_zloss(zloss_scale);
          const Tensor scores = wide(input);
          loss.copy_(at::cross_entropy_loss(scores, target, weight, reduction_of(reduction),
                                            ignore_index, smoothing)
                         .reshape(loss.sizes()));
          log_prob.copy_(at::log_softmax(scores, -1));
          zloss.zero_();
          // Callers that want no z-loss leave no room for it.
          if (lse.numel() > 0) lse.copy_(at::logsumexp(scores, -1));
        })
// loss = (1 - s) * nll + s / classes * (-sum of weighted log_prob), over the rows that count.
EMULATE(aclnnCrossEntropyLossGrad,
        [](Tensor grad, Tensor log_prob, Tensor target, OptionalTensor weight, OptionalTensor,
           OptionalTensor, std::string_view reduction, int64_t ignore_index, double smoothing,
           double zloss_scale, Tensor out) {
          check_no_zloss(zloss_scale);
          const Tensor logs = wide(log_prob);
          const int64_t classes = logs.size(1);
          const Tensor weights = weight ? *weight : at::ones({classes});
          const Tensor counts = target.ne(ignore_index);
          const Tensor index = target.masked_fill(counts.logical_not(), 0);
          const Tensor row_weight = weights.index_select(0, index) * counts;
          Tensor factor = wide(grad).reshape({-1}) * counts;
          if (reduction_of(reduction) == at::Reduction::Mean) factor = factor / row_weight.sum();
          const Tensor of_nll = factor * (1 - smoothing) * row_weight;
          const Tensor of_all = (factor * (smoothing / classes)).unsqueeze(1) * weights;
          Tensor of_logs = -of_all;
          of_logs.scatter_add_(1, index.unsqueeze(1), -of_nll.unsqueeze(1));
          // Through log_softmax.
          out.copy_(of_logs - logs.exp() * of_logs.sum(1, /*keepdim=*/true));
        })

}  // namespace ascend_emulator
