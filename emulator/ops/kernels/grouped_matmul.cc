#include "emulator/ops/functions/grouped_matmul.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>

#include "emulator/ops/functions/moe.h"
#include "emulator/ops/kernels/groups.h"
#include "emulator/ops/kernels/operand.h"

// Matrix products of groups of rows (or columns), each with its own matrix.
namespace ascend_emulator {
namespace {

using OptionalTensors = std::optional<Tensors>;

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

// The product of the rows [begin, end), group i.
struct Product {
  const Tensors& weight;
  OptionalTensors bias, scale, antiquant_scale, antiquant_offset, per_token;
  int64_t activation;

  Tensor matrix(size_t i) const {
    Tensor result = of_group(weight, i).to(at::kFloat);
    if (is_given(antiquant_offset)) result = result + wide(of_group(*antiquant_offset, i));
    if (is_given(antiquant_scale)) result = result * wide(of_group(*antiquant_scale, i));
    return result;
  }

  Tensor operator()(const Tensor& rows, size_t i, int64_t begin, int64_t end) const {
    Tensor result = at::matmul(rows.to(at::kFloat), matrix(i));
    if (is_given(scale)) result = result * wide(of_group(*scale, i));
    if (is_given(per_token)) {
      const Tensor& factors =
          per_token->size() == 1 ? (*per_token)[0].slice(0, begin, end) : (*per_token)[i];
      result = result * wide(factors).unsqueeze(-1);
    }
    if (is_given(bias)) result = result + wide(of_group(*bias, i));
    return activated(result, activation);
  }
};

// Of tensors that are groups, one or one for each in `out`.
void multiply_lists(const Product& product, const Tensors& x, const Tensors& out) {
  int64_t begin = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const int64_t end = begin + x[i].size(0);
    (out.size() == 1 ? out[0].slice(0, begin, end) : out[i])
        .copy_(product(x[i], i, 0, x[i].size(0)));
    begin = end;
  }
}

// Of groups of rows.
void multiply_groups(const Product& product, const Tensor& x, const Ranges& groups,
                     const Tensors& out) {
  if (out.size() == 1) out[0].zero_();
  for (size_t i = 0; i < groups.size(); ++i) {
    const auto [begin, end] = groups[i];
    (out.size() == 1 ? out[0].slice(0, begin, end) : out[i])
        .copy_(product(x.slice(0, begin, end), i, begin, end));
  }
}

}  // namespace

EMULATE(aclnnGroupedMatmul,
        [](Tensors x, Tensors weight, OptionalTensors bias, OptionalTensors scale, OptionalTensors,
           OptionalTensors antiquant_scale, OptionalTensors antiquant_offset,
           OptionalIntArray group_list, int64_t, Tensors out) {
          const Product product{weight, bias, scale, antiquant_scale, antiquant_offset, {}, 0};
          if (!group_list || group_list->empty()) return multiply_lists(product, x, out);
          TORCH_CHECK(x.size() == 1, "groupListOptional divides one tensor x, not ", x.size());
          multiply_groups(product, x[0], ranges(*group_list), out);
        })

EMULATE(aclnnGroupedMatmulV4,
        [](Tensors x, Tensors weight, OptionalTensors bias, OptionalTensors scale, OptionalTensors,
           OptionalTensors antiquant_scale, OptionalTensors antiquant_offset,
           OptionalTensors per_token, OptionalTensor group_list, OptionalTensors, OptionalTensors,
           OptionalTensors, int64_t, int64_t group_type, int64_t list_kind, int64_t activation,
           Tensors out, OptionalTensors, OptionalTensors) {
          const Product product{weight,           bias,      scale,     antiquant_scale,
                                antiquant_offset, per_token, activation};
          if (x.size() > 1 && out.size() == x.size()) return multiply_lists(product, x, out);
          TORCH_CHECK(x.size() == 1 && group_list, "x of one tensor needs groupListOptional.");
          const auto groups = ranges(*group_list, list_kind);
          if (group_type != 2) return multiply_groups(product, x[0], groups, out);
          // Groups of columns of x and rows of the weight: one product each.
          for (size_t i = 0; i < groups.size(); ++i) {
            const auto [begin, end] = groups[i];
            out[0].select(0, i).copy_(at::matmul(x[0].slice(1, begin, end).to(at::kFloat),
                                                 weight[0].slice(0, begin, end).to(at::kFloat)));
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
