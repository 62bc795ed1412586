#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/silu_backward.h>
#include <ATen/ops/stack.h>

#include "emulator/ops/functions/activation.h"
#include "emulator/ops/kernels/operand.h"

// Activations of one half of a tensor, multiplied by the other; and gelu's quick stand-in.
namespace ascend_emulator {
namespace {

std::pair<Tensor, Tensor> halves(const Tensor& tensor, int64_t dim) {
  const auto parts = wide(tensor).chunk(2, dim);
  TORCH_CHECK(parts.size() == 2 && parts[0].size(dim) == parts[1].size(dim), "dimension ", dim,
              " of ", tensor.sizes(), " has no halves.");
  return {parts[0], parts[1]};
}

std::string_view gelu_form(int64_t approximate) { return approximate == 0 ? "none" : "tanh"; }

constexpr double kFastGeluFactor = 1.702;

}  // namespace

EMULATE(aclnnSwiGlu, [](Tensor x, int64_t dim, Tensor out) {
  const auto [left, right] = halves(x, dim);
  out.copy_(at::silu(left) * right);
})
EMULATE(aclnnSwiGluGrad, [](Tensor grad, Tensor x, int64_t dim, Tensor out) {
  const auto [left, right] = halves(x, dim);
  const Tensor wide_grad = wide(grad);
  out.copy_(at::cat({at::silu_backward(wide_grad * right, left), wide_grad * at::silu(left)}, dim));
})

EMULATE(aclnnGeGluV3, [](Tensor x, int64_t dim, int64_t approximate, bool activate_left, Tensor out,
                         Tensor gelu) {
  const auto [left, right] = halves(x, dim);
  const Tensor activated = at::gelu(activate_left ? left : right, gelu_form(approximate));
  out.copy_(activated * (activate_left ? right : left));
  gelu.copy_(activated);
})
EMULATE(aclnnGeGluV3Backward, [](Tensor grad, Tensor x, Tensor gelu, int64_t dim,
                                 int64_t approximate, bool activate_left, Tensor out) {
  const auto [left, right] = halves(x, dim);
  const Tensor& activated = activate_left ? left : right;
  const Tensor& factor = activate_left ? right : left;
  const Tensor wide_grad = wide(grad);
  const Tensor of_activated =
      at::gelu_backward(wide_grad * factor, activated, gelu_form(approximate));
  const Tensor of_factor = wide_grad * wide(gelu);
  out.copy_(activate_left ? at::cat({of_activated, of_factor}, dim)
                          : at::cat({of_factor, of_activated}, dim));
})

EMULATE(aclnnFastGelu, [](Tensor x, Tensor out) {
  const Tensor values = wide(x);
  out.copy_(values * at::sigmoid(values * kFastGeluFactor));
})
EMULATE(aclnnFastGeluBackward, [](Tensor grad, Tensor x, Tensor out) {
  const Tensor scaled = wide(x) * kFastGeluFactor;
  const Tensor gate = at::sigmoid(scaled);
  out.copy_(wide(grad) * gate * (1 + scaled * (1 - gate)));
})

EMULATE(aclnnClippedSwiglu, [](Tensor x, OptionalTensor group_sizes, int64_t dim, double alpha,
                               double limit, double bias, bool interleaved, Tensor out) {
  // What follows `dim` is one row.
  const int64_t first = dim < 0 ? dim + x.dim() : dim;
  const int64_t rows = c10::multiply_integers(x.sizes().slice(0, first));
  const int64_t used = group_sizes ? std::min(rows, group_sizes->sum().item<int64_t>()) : rows;
  const Tensor table = wide(x).reshape({rows, -1}).slice(0, 0, used);
  const auto parts = interleaved ? table.unflatten(1, {-1, 2}).unbind(-1) : table.chunk(2, 1);
  const Tensor gate = parts[0].clamp_max(limit), up = parts[1].clamp(-limit, limit);
  const Tensor result = gate * at::sigmoid(gate * alpha) * (up + bias);
  Tensor target = at::empty({rows, result.size(1)}, result.options());
  target.zero_().slice(0, 0, used).copy_(result);
  out.copy_(target.reshape(out.sizes()));
})

}  // namespace ascend_emulator
