#include "emulator/ops/functions/recurrent.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros_like.h>

#include "emulator/ops/kernels/operand.h"

namespace ascend_emulator {

// `storage` holds the activated gates, in the order of the weights: input, forget, cell, output.
EMULATE(aclnnThnnFusedLstmCell,
        [](Tensor input_gates, Tensor hidden_gates, Tensor cx, OptionalTensor input_bias,
           OptionalTensor hidden_bias, Tensor hy, Tensor cy, Tensor storage) {
          Tensor gates = wide(input_gates) + wide(hidden_gates);
          if (input_bias) gates += *input_bias;
          if (hidden_bias) gates += *hidden_bias;
          const auto part = gates.chunk(4, 1);
          const Tensor in = at::sigmoid(part[0]), forget = at::sigmoid(part[1]);
          const Tensor cell = at::tanh(part[2]), out = at::sigmoid(part[3]);
          const Tensor next = forget * wide(cx) + in * cell;
          storage.copy_(at::cat({in, forget, cell, out}, 1));
          cy.copy_(next);
          hy.copy_(out * at::tanh(next));
        })

EMULATE(aclnnThnnFusedLstmCellBackward,
        [](OptionalTensor grad_hy, OptionalTensor grad_cy, Tensor cx, Tensor cy, Tensor storage,
           bool has_bias, Tensor grad_gates, Tensor grad_cx, OptionalTensor grad_bias) {
          const auto part = wide(storage).chunk(4, 1);
          const Tensor &in = part[0], &forget = part[1], &cell = part[2], &out = part[3];
          const Tensor activated = at::tanh(wide(cy));
          const Tensor of_hy = grad_hy ? wide(*grad_hy) : at::zeros_like(activated);
          Tensor of_cy = of_hy * out * (1 - activated * activated);
          if (grad_cy) of_cy += *grad_cy;
          const Tensor gates =
              at::cat({of_cy * cell * in * (1 - in), of_cy * wide(cx) * forget * (1 - forget),
                       of_cy * in * (1 - cell * cell), of_hy * activated * out * (1 - out)},
                      1);
          grad_gates.copy_(gates);
          grad_cx.copy_(of_cy * forget);
          if (has_bias && grad_bias) grad_bias->copy_(gates.sum(0));
        })

}  // namespace ascend_emulator
