#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_div.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/optimizer.h"
#include "csrc/core/NPUGuard.h"

// The steps of torch.optim's optimizers with fused=True. `steps` count the step that is done.
namespace at_npu {
namespace {

using Optional = std::optional<at::Tensor>;

// The gradients stay unscaled afterwards, as on CUDA.
void unscale(at::TensorList grads, const Optional& scale) {
  if (is_given(scale)) at::_foreach_div_(grads, *scale);
}

void adamw(at::TensorList params, at::TensorList grads, at::TensorList exp_avgs,
           at::TensorList exp_avg_sqs, at::TensorList max_exp_avg_sqs, at::TensorList steps,
           double lr, double beta1, double beta2, double weight_decay, double eps, bool amsgrad,
           bool maximize, const Optional& scale, const Optional& found_inf) {
  if (params.empty()) return;
  const c10_npu::NPUGuard guard(params[0].device());
  unscale(grads, scale);
  ACLNN_CALL(aclnnFusedAdamw, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps,
             std::nullopt, found_inf, lr, beta1, beta2, weight_decay, eps, amsgrad, maximize);
}

// Adam adds the decay to the gradients, which AdamW's function does not.
void adam(at::TensorList params, at::TensorList grads, at::TensorList exp_avgs,
          at::TensorList exp_avg_sqs, at::TensorList max_exp_avg_sqs, at::TensorList steps,
          double lr, double beta1, double beta2, double weight_decay, double eps, bool amsgrad,
          bool maximize, const Optional& scale, const Optional& found_inf) {
  if (params.empty()) return;
  const c10_npu::NPUGuard guard(params[0].device());
  unscale(grads, scale);
  std::vector<at::Tensor> decayed;
  if (weight_decay != 0) {
    decayed = at::_foreach_add(grads, params, maximize ? -weight_decay : weight_decay);
    grads = decayed;
  }
  ACLNN_CALL(aclnnFusedAdamw, params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps,
             std::nullopt, found_inf, lr, beta1, beta2, 0.0, eps, amsgrad, maximize);
}

void sgd(at::TensorList params, at::TensorList grads, at::TensorList buffers, double weight_decay,
         double momentum, double lr, double dampening, bool nesterov, bool maximize,
         bool is_first_step, const Optional& scale, const Optional& found_inf) {
  if (params.empty()) return;
  const c10_npu::NPUGuard guard(params[0].device());
  // The function does not take it: read back.
  if (is_given(found_inf) && found_inf->item().toDouble() == 1) return;
  unscale(grads, scale);
  ACLNN_CALL(aclnnFusedSgd, params, grads, buffers, std::nullopt, weight_decay, momentum, lr,
             dampening, nesterov, maximize, is_first_step);
}

// The learning rate as a tensor: read back if it lies on the device.
template <auto step>
void adam_tensor_lr(at::TensorList params, at::TensorList grads, at::TensorList exp_avgs,
                    at::TensorList exp_avg_sqs, at::TensorList max_exp_avg_sqs,
                    at::TensorList steps, const at::Tensor& lr, double beta1, double beta2,
                    double weight_decay, double eps, bool amsgrad, bool maximize,
                    const Optional& scale, const Optional& found_inf) {
  step(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps, lr.item().toDouble(), beta1,
       beta2, weight_decay, eps, amsgrad, maximize, scale, found_inf);
}

void sgd_tensor_lr(at::TensorList params, at::TensorList grads, at::TensorList buffers,
                   double weight_decay, double momentum, const at::Tensor& lr, double dampening,
                   bool nesterov, bool maximize, bool is_first_step, const Optional& scale,
                   const Optional& found_inf) {
  sgd(params, grads, buffers, weight_decay, momentum, lr.item().toDouble(), dampening, nesterov,
      maximize, is_first_step, scale, found_inf);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_fused_adam_", &adam);
  m.impl("_fused_adam_.tensor_lr", &adam_tensor_lr<&adam>);
  m.impl("_fused_adamw_", &adamw);
  m.impl("_fused_adamw_.tensor_lr", &adam_tensor_lr<&adamw>);
  m.impl("_fused_sgd_", &sgd);
  m.impl("_fused_sgd_.tensor_lr", &sgd_tensor_lr);
}

}  // namespace at_npu
