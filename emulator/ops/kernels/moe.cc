#include "emulator/ops/functions/moe.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "emulator/ops/kernels/operand.h"

// Mixture of experts: choosing experts, sorting tokens by expert, and back. Sampling, too.
namespace ascend_emulator {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// The largest, the first among equals first.
std::pair<Tensor, Tensor> largest(const Tensor& values, int64_t k) {
  auto [sorted, index] = values.sort(/*stable=*/true, -1, /*descending=*/true);
  return {sorted.slice(-1, 0, k), index.slice(-1, 0, k)};
}

// Position of each element after a stable sort of `index`, and where each sorted one came from.
std::pair<Tensor, Tensor> sorted_places(const Tensor& index) {
  const Tensor source = std::get<1>(index.flatten().sort(/*stable=*/true, 0, /*descending=*/false));
  Tensor place = at::empty_like(source);
  place.index_put_({source}, at::arange(source.numel(), at::kLong));
  return {place, source};
}

// Rows of `table`; what is no row of it is zero.
Tensor rows(const Tensor& table, const Tensor& index) {
  const Tensor wanted = index.to(at::kLong);
  const Tensor there = (wanted >= 0).logical_and(wanted < table.size(0));
  return table.index_select(0, wanted.masked_fill(there.logical_not(), 0)) * there.unsqueeze(-1);
}

}  // namespace

EMULATE(aclnnMoeGatingTopK, [](Tensor x, OptionalTensor bias, int64_t k, int64_t k_group,
                               int64_t groups, int64_t group_mode, int64_t renorm, int64_t norm,
                               bool with_scores, double factor, double eps, Tensor y,
                               Tensor experts, Tensor out) {
  const Tensor scores = norm == 1 ? at::sigmoid(wide(x)) : at::softmax(wide(x), -1);
  Tensor ranked = bias ? scores + wide(*bias) : scores;
  if (groups > 1) {
    const Tensor grouped = ranked.unflatten(-1, {groups, -1});
    const Tensor of_group = group_mode == 0 ? grouped.amax(-1) : largest(grouped, 2).first.sum(-1);
    Tensor left_out = at::full(of_group.sizes(), true, at::kBool);
    left_out.scatter_(-1, largest(of_group, k_group).second, false);
    ranked = grouped.masked_fill(left_out.unsqueeze(-1), kNever).flatten(-2);
  }
  const Tensor index = largest(ranked, k).second;
  Tensor chosen = scores.gather(-1, index);
  if (norm == 1 || renorm == 1) chosen = chosen / (chosen.sum(-1, true) + eps);
  y.copy_(chosen * factor);
  experts.copy_(index);
  if (with_scores) out.copy_(scores);
})

EMULATE(aclnnMoeGatingTopKSoftmax, [](Tensor x, OptionalTensor finished, int64_t k, Tensor y,
                                      Tensor experts, Tensor row_index) {
  const auto [values, index] = largest(at::softmax(wide(x), -1), k);
  y.copy_(values);
  experts.copy_(finished ? index.masked_fill(finished->unsqueeze(-1), x.size(-1)) : index);
  const int64_t count = index.numel() / k;
  row_index.copy_(at::arange(index.numel()).reshape({k, count}).t().reshape(row_index.sizes()));
})

EMULATE(aclnnMoeInitRoutingV3, [](Tensor x, Tensor expert, OptionalTensor scale, OptionalTensor,
                                  int64_t active_count, int64_t, int64_t expert_count,
                                  int64_t drop_pad, int64_t count_kind, bool with_counts,
                                  int64_t quant_mode, OptionalIntArray active_range,
                                  int64_t index_kind, Tensor expanded, Tensor row_index,
                                  Tensor counts, OptionalTensor expanded_scale) {
  TORCH_CHECK(drop_pad == 0 && quant_mode == -1 && count_kind <= 1,
              "emulated are dropPadMode 0, quantMode -1, expertTokensNumType 0 and 1.");
  const int64_t begin = active_range && !active_range->empty() ? (*active_range)[0] : 0;
  const int64_t end = active_range && !active_range->empty() ? (*active_range)[1] : expert_count;
  const Tensor flat = expert.flatten().to(at::kLong);
  // Experts that are elsewhere come last.
  const Tensor is_here = (flat >= begin).logical_and(flat < end);
  const auto [place, source] =
      sorted_places(flat.masked_fill(is_here.logical_not(), std::numeric_limits<int32_t>::max()));
  const int64_t here = is_here.sum().item<int64_t>();
  const int64_t used =
      std::min(active_count > 0 ? std::min(here, active_count) : here, expanded.size(0));
  const Tensor from = source.slice(0, 0, used);
  const Tensor tokens = at::floor_divide(from, expert.size(1));
  expanded.zero_().slice(0, 0, used).copy_(x.index_select(0, tokens));
  if (index_kind == 0) {
    row_index.copy_(place.masked_fill(place >= here, -1).reshape(row_index.sizes()));
  } else {
    const Tensor valid = at::arange(source.numel()) < here;
    row_index.copy_(source.masked_fill(valid.logical_not(), -1).reshape(row_index.sizes()));
  }
  if (with_counts) {
    const Tensor count = at::bincount(flat.masked_select(is_here) - begin, {}, end - begin);
    counts.copy_(count_kind == 0 ? at::cumsum(count, 0) : count);
  }
  if (expanded_scale && scale) {
    expanded_scale->slice(0, 0, used).copy_(scale->index_select(0, tokens));
  }
})

EMULATE(aclnnMoeTokenPermute,
        [](Tensor tokens, Tensor index, int64_t, bool padded, Tensor permuted, Tensor places) {
          TORCH_CHECK(!padded, "paddedMode must be false.");
          const auto [place, source] = sorted_places(index);
          const int64_t k = index.dim() == 1 ? 1 : index.size(1);
          const Tensor from = at::floor_divide(source.slice(0, 0, permuted.size(0)), k);
          permuted.copy_(tokens.index_select(0, from));
          places.copy_(place);
        })
EMULATE(aclnnMoeTokenPermuteGrad,
        [](Tensor grad, Tensor places, int64_t k, bool padded, Tensor out) {
          TORCH_CHECK(!padded, "paddedMode must be false.");
          out.copy_(rows(wide(grad), places).unflatten(0, {-1, k}).sum(1));
        })
EMULATE(aclnnMoeTokenUnpermute, [](Tensor permuted, Tensor places, OptionalTensor probabilities,
                                   bool padded, OptionalIntArray, Tensor out) {
  TORCH_CHECK(!padded, "paddedMode must be false.");
  Tensor back = rows(wide(permuted), places);
  const int64_t k = probabilities ? probabilities->size(1) : 1;
  if (probabilities) back = back * wide(*probabilities).flatten().unsqueeze(-1);
  out.copy_(back.unflatten(0, {-1, k}).sum(1));
})
EMULATE(aclnnMoeTokenUnpermuteGrad,
        [](Tensor permuted, Tensor grad, Tensor places, OptionalTensor probabilities, bool padded,
           OptionalIntArray, Tensor of_permuted, OptionalTensor of_probabilities) {
          TORCH_CHECK(!padded, "paddedMode must be false.");
          const int64_t k = probabilities ? probabilities->size(1) : 1;
          const Tensor spread = wide(grad).repeat_interleave(k, 0);
          const Tensor weighted =
              probabilities ? spread * wide(*probabilities).flatten().unsqueeze(-1) : spread;
          const Tensor wanted = places.to(at::kLong);
          const Tensor there = wanted < permuted.size(0);
          Tensor gathered = at::zeros(of_permuted.sizes(), weighted.options());
          gathered.index_add_(0, wanted.masked_select(there),
                              weighted.index_select(0, there.nonzero().flatten()));
          of_permuted.copy_(gathered);
          if (probabilities && of_probabilities) {
            const Tensor dots = (spread * rows(wide(permuted), places)).sum(-1);
            of_probabilities->copy_(dots.reshape(of_probabilities->sizes()));
          }
        })

EMULATE(aclnnMoeFinalizeRoutingV2,
        [](Tensor expanded, Tensor row_index, OptionalTensor skip1, OptionalTensor skip2,
           OptionalTensor bias, OptionalTensor scales, OptionalTensor experts, int64_t drop_pad,
           Tensor out) {
          const int64_t count = out.size(0), k = row_index.numel() / count;
          const Tensor table = wide(expanded).flatten(0, -2);
          // Modes 0 and 1 keep the choices of a token `count` apart, 2 and 3 side by side.
          Tensor parts = rows(table, row_index.flatten());
          parts = drop_pad < 2 ? parts.unflatten(0, {k, count}).transpose(0, 1)
                               : parts.unflatten(0, {count, k});
          if (bias && experts) {
            parts = parts + rows(wide(*bias), experts->flatten()).reshape({count, k, -1});
          }
          if (scales) parts = parts * wide(*scales).reshape({count, k, 1});
          Tensor result = parts.sum(1);
          if (skip1) result = result + wide(*skip1);
          if (skip2) result = result + wide(*skip2);
          out.copy_(result);
        })

EMULATE(aclnnApplyTopKTopP, [](Tensor logits, OptionalTensor p, OptionalTensor k, Tensor out) {
  auto [sorted, index] = wide(logits).sort(/*stable=*/true, -1, /*descending=*/false);
  const int64_t count = sorted.size(-1);
  if (k) {
    const Tensor first = (count - k->to(at::kLong)).clamp(0, count - 1).unsqueeze(-1);
    sorted = sorted.masked_fill(sorted < sorted.gather(-1, first), kNever);
  }
  if (p) {
    Tensor dropped = at::cumsum(at::softmax(sorted, -1), -1) <= 1 - wide(*p).unsqueeze(-1);
    dropped.select(-1, count - 1).fill_(false);
    sorted = sorted.masked_fill(dropped, kNever);
  }
  out.copy_(at::empty_like(sorted).scatter_(-1, index, sorted));
})

}  // namespace ascend_emulator
