#include <ATen/ops/cat.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/recurrent.h"
#include "csrc/core/NPUGuard.h"

// One step of torch.nn.LSTM and torch.nn.GRU after the matrix products: gates [batch, 4 or 3 *
// hidden].
namespace at_npu {
namespace {

using Optional = std::optional<at::Tensor>;
using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

Optional without_bfloat16(const Optional& tensor) {
  return is_given(tensor) ? Optional(at_npu::without_bfloat16(*tensor)) : tensor;
}
using at_npu::without_bfloat16;

void check_gates(const char* op, int64_t parts, const at::Tensor& input_gates,
                 const at::Tensor& hidden_gates, const at::Tensor& state) {
  check_same_dtype(op, {input_gates, hidden_gates, state});
  TORCH_CHECK(input_gates.dim() == 2 && input_gates.sizes() == hidden_gates.sizes() &&
                  state.dim() == 2 && input_gates.size(1) == parts * state.size(1),
              op, ": expected gates [batch, ", parts,
              " * hidden] and a state [batch, hidden], got ", input_gates.sizes(), ", ",
              hidden_gates.sizes(), " and ", state.sizes());
}

Three lstm_cell(const at::Tensor& input_gates, const at::Tensor& hidden_gates, const at::Tensor& cx,
                const Optional& input_bias, const Optional& hidden_bias) {
  check_gates("_thnn_fused_lstm_cell", 4, input_gates, hidden_gates, cx);
  const c10_npu::NPUGuard guard(cx.device());
  const at::Tensor state = without_bfloat16(cx);
  const at::Tensor hy = new_like(state), cy = new_like(state);
  const at::Tensor storage = new_like(state, input_gates.sizes());
  if (cx.numel() != 0) {
    ACLNN_CALL(aclnnThnnFusedLstmCell, without_bfloat16(input_gates),
               without_bfloat16(hidden_gates), state, without_bfloat16(input_bias),
               without_bfloat16(hidden_bias), hy, cy, storage);
  }
  return {hy.to(cx.scalar_type()), cy.to(cx.scalar_type()), storage};
}

Three lstm_cell_backward(const Optional& grad_hy, const Optional& grad_cy, const at::Tensor& cx,
                         const at::Tensor& cy, const at::Tensor& storage, bool has_bias) {
  if (!is_given(grad_hy) && !is_given(grad_cy)) return {};
  const c10_npu::NPUGuard guard(cx.device());
  const at::Tensor grad_gates = new_like(storage);
  const at::Tensor grad_cx = new_like(storage, cx.sizes());
  const at::Tensor grad_bias = new_like(storage, at::IntArrayRef({storage.size(1)}));
  if (cx.numel() != 0) {
    ACLNN_CALL(aclnnThnnFusedLstmCellBackward, without_bfloat16(grad_hy), without_bfloat16(grad_cy),
               without_bfloat16(cx), without_bfloat16(cy), storage, has_bias, grad_gates, grad_cx,
               grad_bias);
  } else {
    grad_bias.zero_();
  }
  const at::ScalarType dtype = cx.scalar_type();
  return {grad_gates.to(dtype), grad_cx.to(dtype), has_bias ? grad_bias.to(dtype) : at::Tensor()};
}

// A composition: CANN has no function for it. The order of the gates is reset, update, new; the
// workspace keeps what the backward needs.
std::tuple<at::Tensor, at::Tensor> gru_cell(const at::Tensor& input_gates,
                                            const at::Tensor& hidden_gates, const at::Tensor& hx,
                                            const Optional& input_bias,
                                            const Optional& hidden_bias) {
  check_gates("_thnn_fused_gru_cell", 3, input_gates, hidden_gates, hx);
  const auto in = (is_given(input_bias) ? input_gates.add(*input_bias) : input_gates).chunk(3, 1);
  const auto hidden =
      (is_given(hidden_bias) ? hidden_gates.add(*hidden_bias) : hidden_gates).chunk(3, 1);
  const at::Tensor reset = in[0].add(hidden[0]).sigmoid_();
  const at::Tensor update = in[1].add(hidden[1]).sigmoid_();
  const at::Tensor fresh = in[2].add(reset.mul(hidden[2])).tanh_();
  return {fresh.add(update.mul(hx.sub(fresh))), at::cat({reset, update, fresh, hx, hidden[2]}, 1)};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, at::Tensor> gru_cell_backward(
    const at::Tensor& grad, const at::Tensor& workspace, bool has_bias) {
  const auto part = workspace.chunk(5, 1);
  const at::Tensor &reset = part[0], &update = part[1], &fresh = part[2], &hx = part[3],
                   &hidden = part[4];
  const auto sigmoid_slope = [](const at::Tensor& value) { return value.mul(value.neg().add_(1)); };
  const at::Tensor of_fresh = grad.mul(update.neg().add_(1)).mul_(fresh.square().neg_().add_(1));
  const at::Tensor of_update = grad.mul(hx.sub(fresh)).mul_(sigmoid_slope(update));
  const at::Tensor of_reset = of_fresh.mul(hidden).mul_(sigmoid_slope(reset));
  const at::Tensor of_input = at::cat({of_reset, of_update, of_fresh}, 1);
  const at::Tensor of_hidden = at::cat({of_reset, of_update, of_fresh.mul(reset)}, 1);
  return {of_input, of_hidden, grad.mul(update), has_bias ? of_input.sum(0) : at::Tensor(),
          has_bias ? of_hidden.sum(0) : at::Tensor()};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_thnn_fused_lstm_cell", &lstm_cell);
  m.impl("_thnn_fused_lstm_cell_backward_impl", &lstm_cell_backward);
  m.impl("_thnn_fused_gru_cell", &gru_cell);
  m.impl("_thnn_fused_gru_cell_backward", &gru_cell_backward);
}

}  // namespace at_npu
