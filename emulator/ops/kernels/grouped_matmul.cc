#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>

#include "emulator/ops/functions/moe.h"
#include "emulator/ops/kernels/operand.h"

// Matrix products of groups of rows (or columns), each with its own matrix.
namespace ascend_emulator {
namespace {

using OptionalTensors = std::optional<Tensors>;

// Begin and end of each group: `list` has the ends, or with kind 1 the sizes.
std::vector<std::pair<int64_t, int64_t>> ranges(const Tensor& list, int64_t kind) {
  TORCH_CHECK(kind == 0 || kind == 1, "groupListType is ", kind, "; 0 and 1 are emulated.");
  const Tensor ends = kind == 0 ? list : list.cumsum(0);
  std::vector<std::pair<int64_t, int64_t>> result;
  int64_t begin = 0;
  for (int64_t i = 0; i < ends.numel(); ++i) {
    const int64_t end = ends[i].item<int64_t>();
    result.emplace_back(begin, end);
    begin = end;
  }
  return result;
}

Tensor activated(const Tensor& x, int64_t kind) {
  switch (kind) {
    case 0:
      return x;
    case 1:
      return at::relu(x);
    case 2:
      return at::gelu(x, "tanh");
    case 4:
      return x * at::sigmoid(x * 1.702);
    case 5:
      return at::silu(x);
    default:
      TORCH_CHECK(false, "actType ", kind, " is not emulated; 0, 1, 2, 4 and 5 are.");
  }
}

bool is_given(const OptionalTensors& tensors) {
  return tensors && !tensors->empty() && (*tensors)[0].defined() && (*tensors)[0].numel() > 0;
}

// Row i of a single tensor, or tensor i.
Tensor of_group(const Tensors& tensors, size_t i) {
  return tensors.size() == 1 ? tensors[0].select(0, i) : tensors[i];
}

struct Dequantization {
  OptionalTensors scale, per_token;

  // Of the rows [begin, end) of group i.
  Tensor operator()(Tensor result, size_t i, int64_t begin, int64_t end) const {
    if (is_given(scale)) result = result * wide(of_group(*scale, i));
    if (is_given(per_token)) {
      const Tensor& rows =
          per_token->size() == 1 ? (*per_token)[0].slice(0, begin, end) : (*per_token)[i];
      result = result * wide(rows).unsqueeze(-1);
    }
    return result;
  }
};

}  // namespace

EMULATE(aclnnGroupedMatmulV4,
        [](Tensors x, Tensors weight, OptionalTensors bias, OptionalTensors scale, OptionalTensors,
           OptionalTensors antiquant_scale, OptionalTensors antiquant_offset,
           OptionalTensors per_token, OptionalTensor group_list, OptionalTensors, OptionalTensors,
           OptionalTensors, int64_t, int64_t group_type, int64_t list_kind, int64_t activation,
           Tensors out, OptionalTensors, OptionalTensors) {
          const Dequantization dequantized{scale, per_token};
          const auto matrix = [&](size_t i) {
            Tensor result = wide(of_group(weight, i).to(at::kFloat));
            if (is_given(antiquant_offset)) result = result + wide(of_group(*antiquant_offset, i));
            if (is_given(antiquant_scale)) result = result * wide(of_group(*antiquant_scale, i));
            return result;
          };
          const auto product = [&](const Tensor& rows, size_t i, int64_t begin, int64_t end) {
            Tensor result = dequantized(at::matmul(rows.to(at::kFloat), matrix(i)), i, begin, end);
            if (is_given(bias)) result = result + wide(of_group(*bias, i));
            return activated(result, activation);
          };
          if (x.size() > 1 && out.size() == x.size()) {
            for (size_t i = 0; i < x.size(); ++i) {
              out[i].copy_(product(x[i], i, 0, x[i].size(0)));
            }
            return;
          }
          TORCH_CHECK(x.size() == 1 && group_list, "x of one tensor needs groupListOptional.");
          const auto groups = ranges(*group_list, list_kind);
          if (group_type == 2) {
            // Groups of columns of x and rows of the weight: one product each.
            for (size_t i = 0; i < groups.size(); ++i) {
              const auto [begin, end] = groups[i];
              out[0].select(0, i).copy_(at::matmul(x[0].slice(1, begin, end).to(at::kFloat),
                                                   weight[0].slice(0, begin, end).to(at::kFloat)));
            }
            return;
          }
          if (out.size() == 1) out[0].zero_();
          for (size_t i = 0; i < groups.size(); ++i) {
            const auto [begin, end] = groups[i];
            const Tensor result = product(x[0].slice(0, begin, end), i, begin, end);
            (out.size() == 1 ? out[0].slice(0, begin, end) : out[i]).copy_(result);
          }
        })

EMULATE(aclnnGroupedMatmulAdd, [](Tensor x, Tensor weight, Tensor group_list, Tensor out,
                                  bool transpose_x, bool transpose_weight, int64_t group_type) {
  TORCH_CHECK(transpose_x && !transpose_weight && group_type == 2,
              "emulated is transposeX true, transposeWeight false, groupType 2.");
  const auto groups = ranges(group_list, 0);
  const Tensor parts = out.view({static_cast<int64_t>(groups.size()), x.size(1), -1});
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto [begin, end] = groups[i];
    parts.select(0, i).add_(at::matmul(x.slice(0, begin, end).to(at::kFloat).t(),
                                       weight.slice(0, begin, end).to(at::kFloat)));
  }
})

}  // namespace ascend_emulator
