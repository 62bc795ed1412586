#include <torch/library.h>

#include <algorithm>
#include <numeric>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/loss.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using Two = std::tuple<at::Tensor, at::Tensor>;

void check(const at::Tensor& log_probs, const at::Tensor& targets, at::IntArrayRef input_lengths,
           at::IntArrayRef target_lengths, int64_t blank) {
  TORCH_CHECK(log_probs.dim() == 3 && log_probs.numel() > 0,
              "ctc_loss: expected log_probs [time, batch, classes] that is not empty, got ",
              log_probs.sizes());
  TORCH_CHECK(targets.scalar_type() == at::kLong || targets.scalar_type() == at::kInt,
              "ctc_loss: targets must be Long or Int, got ", targets.scalar_type());
  TORCH_CHECK(blank >= 0 && blank < log_probs.size(2), "blank must be in label range");
  const auto batch = static_cast<size_t>(log_probs.size(1));
  TORCH_CHECK(input_lengths.size() == batch, "input_lengths must be of size batch_size");
  TORCH_CHECK(target_lengths.size() == batch, "target_lengths must be of size batch_size");
  if (targets.dim() == 1) {
    const int64_t total = std::accumulate(target_lengths.begin(), target_lengths.end(), int64_t{0});
    TORCH_CHECK(targets.size(0) == total, "Expected tensor to have size ", total,
                " at dimension 0, but got size ", targets.size(0),
                " for the targets, one after the other, of ctc_loss");
  }
  for (size_t i = 0; i < batch; ++i) {
    TORCH_CHECK(input_lengths[i] >= 0 && input_lengths[i] <= log_probs.size(0),
                "Expected input_lengths to have value at most ", log_probs.size(0),
                ", but got value ", input_lengths[i]);
    TORCH_CHECK(target_lengths[i] >= 0,
                "Expected target_lengths to have value at least 0, but got "
                "value ",
                target_lengths[i]);
    TORCH_CHECK(targets.dim() == 1 || target_lengths[i] <= targets.size(1),
                "Expected tensor to have size at least ", target_lengths[i],
                " at dimension 1, but got size ", targets.size(1));
  }
}

Two ctc_loss(const at::Tensor& log_probs, const at::Tensor& targets, at::IntArrayRef input_lengths,
             at::IntArrayRef target_lengths, int64_t blank, bool zero_infinity) {
  check(log_probs, targets, input_lengths, target_lengths, blank);
  const c10_npu::NPUGuard guard(log_probs.device());
  const int64_t longest = *std::max_element(target_lengths.begin(), target_lengths.end());
  constexpr int64_t kAlignment = 8;  // columns of 32 bytes
  const int64_t columns = (2 * longest + 1 + kAlignment - 1) / kAlignment * kAlignment;
  const at::Tensor loss = new_like(log_probs, at::IntArrayRef({log_probs.size(1)}));
  const at::Tensor log_alpha =
      new_like(log_probs, at::IntArrayRef({log_probs.size(1), log_probs.size(0), columns}));
  ACLNN_CALL(aclnnCtcLoss, log_probs, targets, input_lengths, target_lengths, blank, zero_infinity,
             loss, log_alpha);
  return {loss, log_alpha};
}

at::Tensor ctc_loss_backward(const at::Tensor& grad, const at::Tensor& log_probs,
                             const at::Tensor& targets, at::IntArrayRef input_lengths,
                             at::IntArrayRef target_lengths, const at::Tensor& loss,
                             const at::Tensor& log_alpha, int64_t blank, bool zero_infinity) {
  const c10_npu::NPUGuard guard(log_probs.device());
  const at::Tensor out = new_like(log_probs);
  ACLNN_CALL(aclnnCtcLossBackward, grad, log_probs, targets, input_lengths, target_lengths, loss,
             log_alpha, blank, zero_infinity, out);
  return out;
}

// Lengths as tensors: read back.
std::vector<int64_t> numbers(const at::Tensor& lengths) {
  const at::Tensor host = lengths.to(at::kCPU, at::kLong).contiguous();
  return {host.const_data_ptr<int64_t>(), host.const_data_ptr<int64_t>() + host.numel()};
}

Two ctc_loss_tensor(const at::Tensor& log_probs, const at::Tensor& targets,
                    const at::Tensor& input_lengths, const at::Tensor& target_lengths,
                    int64_t blank, bool zero_infinity) {
  return ctc_loss(log_probs, targets, numbers(input_lengths), numbers(target_lengths), blank,
                  zero_infinity);
}

at::Tensor ctc_loss_backward_tensor(const at::Tensor& grad, const at::Tensor& log_probs,
                                    const at::Tensor& targets, const at::Tensor& input_lengths,
                                    const at::Tensor& target_lengths, const at::Tensor& loss,
                                    const at::Tensor& log_alpha, int64_t blank,
                                    bool zero_infinity) {
  return ctc_loss_backward(grad, log_probs, targets, numbers(input_lengths),
                           numbers(target_lengths), loss, log_alpha, blank, zero_infinity);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_ctc_loss", &ctc_loss);
  m.impl("_ctc_loss.Tensor", &ctc_loss_tensor);
  m.impl("_ctc_loss_backward", &ctc_loss_backward);
  m.impl("_ctc_loss_backward.Tensor", &ctc_loss_backward_tensor);
}

}  // namespace at_npu
