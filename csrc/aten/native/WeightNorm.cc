#include <ATen/ops/_weight_norm_differentiable_backward.h>
#include <ATen/ops/norm_except_dim.h>
#include <torch/library.h>

namespace at_npu {
namespace {

// w = v * g / |v|, and the norms, which the backward needs.
std::tuple<at::Tensor, at::Tensor> weight_norm(const at::Tensor& v, const at::Tensor& g,
                                               int64_t dim) {
  const at::Tensor norms = at::norm_except_dim(v, 2, dim);
  return {v.mul(g.div(norms)), norms};
}

std::tuple<at::Tensor, at::Tensor> weight_norm_backward(const at::Tensor& grad, const at::Tensor& v,
                                                        const at::Tensor& g,
                                                        const at::Tensor& norms, int64_t dim) {
  return at::_weight_norm_differentiable_backward(grad, v, g, norms, dim);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_weight_norm_interface", &weight_norm);
  m.impl("_weight_norm_interface_backward", &weight_norm_backward);
}

}  // namespace at_npu
