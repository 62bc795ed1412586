#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/round.h>
#include <ATen/ops/silu.h>

#include "emulator/ops/functions/grouped_matmul.h"
#include "emulator/ops/kernels/groups.h"
#include "emulator/ops/kernels/operand.h"

// Products of groups of int8 rows, then SwiGLU, then int8 with a scale for each row.
namespace ascend_emulator {
namespace {

using OptionalTensors = std::optional<Tensors>;

void multiply(const Tensor& x, const Tensor& weight, const Tensor& weight_scale,
              const Tensor& x_scale, const Ranges& groups, Tensor& out, Tensor& out_scale) {
  TORCH_CHECK(x.scalar_type() == at::kChar && weight.scalar_type() == at::kChar,
              "int8 is emulated, not ", x.scalar_type(), " and ", weight.scalar_type());
  out.zero_();
  out_scale.zero_();
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto [begin, end] = groups[i];
    // Exact, as the hardware's int32 sums are.
    const Tensor sums =
        at::matmul(x.slice(0, begin, end).to(at::kDouble), weight.select(0, i).to(at::kDouble));
    const Tensor scaled = sums.to(at::kFloat) * wide(weight_scale.select(0, i)) *
                          x_scale.slice(0, begin, end).unsqueeze(-1);
    const auto halves = scaled.chunk(2, -1);
    const Tensor values = at::silu(halves[0]) * halves[1];
    const Tensor step = values.abs().amax(-1, /*keepdim=*/true) / 127;
    out_scale.slice(0, begin, end).copy_(step.squeeze(-1));
    out.slice(0, begin, end).copy_(at::round((values / step).masked_fill(step == 0, 0)));
  }
}

void check_nothing_more(bool given) {
  TORCH_CHECK(!given, "bias, offset, smoothScale and weightAssistMatrix are not emulated.");
}

bool is_given(const OptionalTensors& tensors) { return tensors && !tensors->empty(); }

// The lists of the second version have one tensor each.
void multiply_lists(const Tensor& x, const Tensors& weight, const Tensors& weight_scale,
                    const Tensor& x_scale, const Ranges& groups, int64_t dequant_mode,
                    int64_t quant_mode, Tensor& out, Tensor& out_scale) {
  TORCH_CHECK(weight.size() == 1 && weight_scale.size() == 1, "weight and weightScale have ",
              weight.size(), " and ", weight_scale.size(), " tensors; they must have one.");
  TORCH_CHECK(dequant_mode == 0 && quant_mode == 0, "dequantMode and quantMode 0 are emulated.");
  multiply(x, weight[0], weight_scale[0], x_scale, groups, out, out_scale);
}

}  // namespace

#define EMULATE_GROUPED_SWIGLU(function)                                                    \
  EMULATE(function, [](Tensor x, Tensor weight, OptionalTensor bias, OptionalTensor offset, \
                       Tensor weight_scale, Tensor x_scale, Tensor group_list, Tensor out,  \
                       Tensor out_scale, OptionalTensor) {                                  \
    check_nothing_more(bias || offset);                                                     \
    multiply(x, weight, weight_scale, x_scale, ranges(group_list, 0), out, out_scale);      \
  })
#define EMULATE_GROUPED_SWIGLU_V2(function)                                                       \
  EMULATE(function, [](Tensor x, Tensors weight, Tensors weight_scale, OptionalTensors assist,    \
                       OptionalTensor bias, Tensor x_scale, OptionalTensor smooth,                \
                       Tensor group_list, int64_t dequant_mode, int64_t, int64_t quant_mode,      \
                       int64_t list_kind, OptionalIntArray, Tensor out, Tensor out_scale) {       \
    check_nothing_more(bias || smooth || is_given(assist));                                       \
    multiply_lists(x, weight, weight_scale, x_scale, ranges(group_list, list_kind), dequant_mode, \
                   quant_mode, out, out_scale);                                                   \
  })

EMULATE_GROUPED_SWIGLU(aclnnGroupedMatmulSwigluQuant)
EMULATE_GROUPED_SWIGLU(aclnnGroupedMatmulSwigluQuantWeightNZ)
EMULATE_GROUPED_SWIGLU_V2(aclnnGroupedMatmulSwigluQuantV2)
EMULATE_GROUPED_SWIGLU_V2(aclnnGroupedMatmulSwigluQuantWeightNzV2)

}  // namespace ascend_emulator
