#include <ATen/ops/where.h>
#include <torch/library.h>

#include <tuple>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/activation.h"
#include "csrc/core/NPUGuard.h"

// PReLU. Ascend's functions take one weight, or one for each channel; vmap also asks for others.
namespace at_npu {
namespace {

bool is_per_channel(const at::Tensor& self, const at::Tensor& weight) {
  if (weight.numel() == 1) return weight.dim() <= self.dim();
  return self.dim() >= 2 && weight.dim() == self.dim() && weight.size(1) == self.size(1) &&
         weight.numel() == self.size(1);
}

at::Tensor prelu(const at::Tensor& self, const at::Tensor& weight) {
  if (!is_per_channel(self, weight)) return at::where(self.gt(0), self, self.mul(weight));
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor out = make(like(self));
  if (out.numel() != 0) ACLNN_CALL(aclnnPrelu, self, weight.reshape({-1}), out);
  return out;
}

// The second result may be larger than the weight: autograd adds up what was broadcast.
std::tuple<at::Tensor, at::Tensor> prelu_backward(const at::Tensor& grad_output,
                                                  const at::Tensor& self,
                                                  const at::Tensor& weight) {
  if (grad_output.sizes() != self.sizes() || !is_per_channel(self, weight)) {
    const at::Tensor positive = self.gt(0);
    return {at::where(positive, grad_output, grad_output.mul(weight)),
            grad_output.mul(self).masked_fill(positive, 0)};
  }
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor grad_self = make(like(self));
  const at::Tensor grad_weight = make(sized(weight, weight.sizes()));
  if (self.numel() == 0) return {grad_self, grad_weight.zero_()};
  // The function takes no 0-dim tensors.
  const auto with_dims = [](const at::Tensor& x) { return x.dim() == 0 ? x.view({1}) : x; };
  ACLNN_CALL(aclnnPreluBackward, with_dims(grad_output), with_dims(self), weight.reshape({-1}),
             with_dims(grad_self), grad_weight.view({-1}));
  return {grad_self, grad_weight};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_prelu_kernel", &prelu);
  m.impl("_prelu_kernel_backward", &prelu_backward);
}

}  // namespace at_npu
