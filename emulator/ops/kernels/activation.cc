#include "emulator/ops/functions/activation.h"

#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/_log_softmax_backward_data.h>
#include <ATen/ops/_prelu_kernel_backward.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/elu_backward.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/glu.h>
#include <ATen/ops/glu_backward.h>
#include <ATen/ops/hardshrink.h>
#include <ATen/ops/hardshrink_backward.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardsigmoid_backward.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardswish_backward.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/hardtanh_backward.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/leaky_relu_backward.h>
#include <ATen/ops/log_sigmoid.h>
#include <ATen/ops/logit_backward.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/mish_backward.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/prelu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/sigmoid_backward.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/softplus_backward.h>
#include <ATen/ops/softshrink.h>
#include <ATen/ops/softshrink_backward.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/tanh_backward.h>
#include <ATen/ops/threshold.h>
#include <ATen/ops/threshold_backward.h>

#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {
namespace {

// aclnnGeluV2's approximate.
std::string_view gelu_form(int64_t approximate) {
  TORCH_CHECK(approximate == 0 || approximate == 1, "approximate is ", approximate,
              "; it must be 0 (none) or 1 (tanh).");
  return approximate == 0 ? "none" : "tanh";
}

// The shape of a per-channel weight against an input of the shape [N, C, …].
Tensor per_channel(const Tensor& weight, const Tensor& input) {
  if (weight.numel() == 1 || input.dim() < 2) return weight.reshape({-1});
  std::vector<int64_t> shape(input.dim(), 1);
  shape[1] = weight.numel();
  return weight.reshape(shape);
}

}  // namespace

// out = op'(grad, self)
#define EMULATE_GRADIENT(function, op) \
  EMULATE(function, broadcast,         \
          [](Tensor grad, Tensor self, Tensor out) { at::op##_out(out, grad, self); })

EMULATE(aclnnRelu, broadcast, [](Tensor self, Tensor out) { at::clamp_min_out(out, self, 0); })
EMULATE(aclnnInplaceRelu, [](Tensor self) { at::clamp_min_out(self, self, 0); })
EMULATE(aclnnThreshold, broadcast, [](Tensor self, Scalar threshold, Scalar value, Tensor out) {
  at::threshold_out(out, self, threshold, value);
})
EMULATE(aclnnThresholdBackward, broadcast,
        [](Tensor grad, Tensor self, Scalar threshold, Tensor out) {
          at::threshold_backward_out(out, grad, self, threshold);
        })

// The hardware's first GELU is the tanh form; V2 has both.
// ATen's gelu_out forgets strides of `out`.
EMULATE(aclnnGelu, broadcast, [](Tensor self, Tensor out) { out.copy_(at::gelu(self, "tanh")); })
EMULATE(aclnnGeluBackward, broadcast, [](Tensor grad, Tensor self, Tensor out) {
  at::gelu_backward_out(out, grad, self, "tanh");
})
EMULATE(aclnnGeluV2, broadcast, [](Tensor self, int64_t approximate, Tensor out) {
  out.copy_(at::gelu(self, gelu_form(approximate)));
})
EMULATE(aclnnGeluBackwardV2, broadcast,
        [](Tensor grad, Tensor self, std::string_view form, Tensor out) {
          at::gelu_backward_out(out, grad, self, form);
        })

EMULATE_UNARY(aclnnSilu, silu)
EMULATE_GRADIENT(aclnnSiluBackward, silu_backward)
EMULATE_GRADIENT(aclnnSigmoidBackward, sigmoid_backward)
EMULATE_GRADIENT(aclnnTanhBackward, tanh_backward)
EMULATE_UNARY(aclnnMish, mish)
EMULATE(aclnnMishBackward, broadcast,
        [](Tensor grad, Tensor self, Tensor out) { out.copy_(at::mish_backward(grad, self)); })

EMULATE(aclnnSoftmax, broadcast, [](Tensor self, int64_t dim, Tensor out) {
  at::_softmax_out(out, self.to(out.scalar_type()), dim, false);
})
EMULATE(aclnnSoftmaxBackward, broadcast, [](Tensor grad, Tensor output, int64_t dim, Tensor out) {
  at::_softmax_backward_data_out(out, grad, output, dim, out.scalar_type());
})
EMULATE(aclnnLogSoftmax, broadcast, [](Tensor self, int64_t dim, Tensor out) {
  at::_log_softmax_out(out, self.to(out.scalar_type()), dim, false);
})
EMULATE(aclnnLogSoftmaxBackward, broadcast,
        [](Tensor grad, Tensor output, int64_t dim, Tensor out) {
          at::_log_softmax_backward_data_out(out, grad, output, dim, out.scalar_type());
        })

EMULATE(aclnnLeakyRelu, broadcast,
        [](Tensor self, Scalar slope, Tensor out) { at::leaky_relu_out(out, self, slope); })
EMULATE(aclnnLeakyReluBackward, broadcast,
        [](Tensor grad, Tensor self, Scalar slope, bool is_result, Tensor out) {
          at::leaky_relu_backward_out(out, grad, self, slope, is_result);
        })
EMULATE(aclnnElu, broadcast,
        [](Tensor self, Scalar alpha, Scalar scale, Scalar input_scale, Tensor out) {
          at::elu_out(out, self, alpha, scale, input_scale);
        })
EMULATE(aclnnEluBackward, broadcast,
        [](Tensor grad, Scalar alpha, Scalar scale, Scalar input_scale, bool is_result,
           Tensor self_or_result, Tensor out) {
          at::elu_backward_out(out, grad, alpha, scale, input_scale, is_result, self_or_result);
        })

EMULATE(aclnnHardtanh, broadcast, [](Tensor self, Scalar min, Scalar max, Tensor out) {
  at::hardtanh_out(out, self, factor(min, out.scalar_type()), factor(max, out.scalar_type()));
})
EMULATE(aclnnHardtanhBackward, broadcast,
        [](Tensor grad, Tensor self, Scalar min, Scalar max, Tensor out) {
          at::hardtanh_backward_out(out, grad, self, min, max);
        })
EMULATE_UNARY(aclnnHardswish, hardswish)
EMULATE(aclnnHardswishBackward, broadcast,
        [](Tensor grad, Tensor self, Tensor out) { out.copy_(at::hardswish_backward(grad, self)); })
EMULATE(aclnnHardswishBackwardV2, broadcast,
        [](Tensor grad, Tensor self, Tensor out) { out.copy_(at::hardswish_backward(grad, self)); })
// ATen's kernel knows no integers.
EMULATE(aclnnHardsigmoid, broadcast, [](Tensor self, Tensor out) {
  if (self.is_floating_point()) {
    at::hardsigmoid_out(out, self);
  } else {
    out.copy_(at::hardsigmoid(self.to(at::kFloat)));
  }
})
EMULATE_GRADIENT(aclnnHardsigmoidBackward, hardsigmoid_backward)
EMULATE(aclnnHardshrink, broadcast,
        [](Tensor self, Scalar lambda, Tensor out) { at::hardshrink_out(out, self, lambda); })
EMULATE(aclnnHardshrinkBackward, broadcast,
        [](Tensor grad, Tensor self, Scalar lambda, Tensor out) {
          at::hardshrink_backward_out(out, grad, self, lambda);
        })
EMULATE(aclnnSoftshrink, broadcast,
        [](Tensor self, Scalar lambda, Tensor out) { at::softshrink_out(out, self, lambda); })
EMULATE(aclnnSoftshrinkBackward, broadcast,
        [](Tensor grad, Tensor self, Scalar lambda, Tensor out) {
          at::softshrink_backward_out(out, grad, self, lambda);
        })
EMULATE(aclnnSoftplus, broadcast, [](Tensor self, Scalar beta, Scalar threshold, Tensor out) {
  at::softplus_out(out, self, beta, threshold);
})
EMULATE(aclnnSoftplusBackward, broadcast,
        [](Tensor grad, Tensor self, Scalar beta, Scalar threshold, Tensor out) {
          at::softplus_backward_out(out, grad, self.to(grad.scalar_type()), beta, threshold);
        })

EMULATE(aclnnGlu, [](Tensor self, int64_t dim, Tensor out) { at::glu_out(out, self, dim); })
EMULATE(aclnnGluBackward, [](Tensor grad, Tensor self, int64_t dim, Tensor out) {
  at::glu_backward_out(out, grad, self, dim);
})

// The buffer is scratch memory of the hardware's own; the gradient here needs none.
EMULATE(aclnnLogSigmoid, [](Tensor self, Tensor out) { at::log_sigmoid_out(out, self); })
EMULATE(aclnnLogSigmoidForward,
        [](Tensor self, Tensor out, OptionalTensor) { at::log_sigmoid_out(out, self); })
EMULATE(aclnnLogSigmoidBackward, [](Tensor grad, Tensor self, OptionalTensor, Tensor out) {
  at::mul_out(out, grad, at::sigmoid(at::neg(self)));
})

EMULATE(aclnnPrelu,
        [](Tensor self, Tensor weight, Tensor out) { out.copy_(at::prelu(self, weight)); })
EMULATE(aclnnPreluBackward,
        [](Tensor grad, Tensor self, Tensor weight, Tensor grad_input, Tensor grad_weight) {
          const Tensor spread = per_channel(weight, self);
          const auto [input_result, weight_result] = at::_prelu_kernel_backward(grad, self, spread);
          grad_input.copy_(input_result);
          grad_weight.copy_(weight_result.sum_to_size(spread.sizes()).reshape(grad_weight.sizes()));
        })

// A negative eps stands for none.
EMULATE(aclnnLogitGrad, broadcast, [](Tensor self, Tensor grad, double eps, Tensor out) {
  out.copy_(
      at::logit_backward(wide(grad), wide(self), eps < 0 ? std::nullopt : std::optional(eps)));
})

}  // namespace ascend_emulator
