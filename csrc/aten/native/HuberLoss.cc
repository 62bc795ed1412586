#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/smooth_l1_loss_backward.h>
#include <torch/library.h>

// huber_loss(delta) is delta * smooth_l1_loss(beta=delta). CANN's function for it takes no
// reduction.
namespace at_npu {
namespace {

at::Tensor& huber_loss_out(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                           double delta, at::Tensor& out) {
  TORCH_CHECK(delta > 0, "huber_loss does not support non-positive values for delta.");
  return at::smooth_l1_loss_out(out, self, target, reduction, delta).mul_(delta);
}

at::Tensor huber_loss(const at::Tensor& self, const at::Tensor& target, int64_t reduction,
                      double delta) {
  TORCH_CHECK(delta > 0, "huber_loss does not support non-positive values for delta.");
  return at::smooth_l1_loss(self, target, reduction, delta).mul_(delta);
}

at::Tensor& huber_loss_backward_out(const at::Tensor& grad, const at::Tensor& self,
                                    const at::Tensor& target, int64_t reduction, double delta,
                                    at::Tensor& grad_input) {
  return at::smooth_l1_loss_backward_out(grad_input, grad, self, target, reduction, delta)
      .mul_(delta);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("huber_loss", &huber_loss);
  m.impl("huber_loss.out", &huber_loss_out);
  m.impl("huber_loss_backward.out", &huber_loss_backward_out);
}

}  // namespace at_npu
