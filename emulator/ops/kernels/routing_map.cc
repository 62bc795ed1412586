#include "emulator/ops/functions/routing_map.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "emulator/ops/kernels/operand.h"

// Tokens sorted by expert after a map [T, experts] of who goes where. Without padding a token goes
// to k experts, and `places` has the row of each choice. With padding each expert takes `capacity`
// tokens, those of the map first, and `places` has the token of each row.
namespace ascend_emulator {
namespace {

Tensor by_expert(const Tensor& map) { return map.to(at::kBool).t().contiguous(); }

Tensor column(const Tensor& weights) { return weights.flatten().unsqueeze(-1); }

// [experts, capacity], as gather and scatter want it.
Tensor tokens_of(const Tensor& places, int64_t experts) {
  return places.to(at::kLong).reshape({experts, -1});
}

// The weight of each sorted row.
Tensor sorted_weights(const Tensor& probs, const Tensor& map, const Tensor& tokens, bool padded) {
  return padded ? probs.t().gather(1, tokens) : probs.t().masked_select(by_expert(map));
}

// Back to [T, experts].
Tensor weight_gradient(const Tensor& rows, const Tensor& map, const Tensor& tokens, bool padded,
                       at::IntArrayRef sizes) {
  Tensor result = at::zeros({sizes[1], sizes[0]}, rows.options());
  if (padded) {
    result.scatter_(1, tokens, rows.reshape(tokens.sizes()));
  } else {
    result.masked_scatter_(by_expert(map), rows.contiguous());
  }
  return result.t();
}

void check_choices(const Tensor& map, int64_t rows) {
  const int64_t choices = map.to(at::kBool).sum().item<int64_t>();
  TORCH_CHECK(choices == rows, "routingMap has ", choices, " choices, numOutTokens gives ", rows,
              ": each row must have the same number of ones");
}

}  // namespace

EMULATE(aclnnMoeTokenPermuteWithRoutingMap,
        [](Tensor tokens, Tensor map, OptionalTensor probs, int64_t, bool padded, Tensor permuted,
           OptionalTensor permuted_probs, Tensor places) {
          Tensor source;  // the token of each row
          if (padded) {
            const int64_t capacity = permuted.size(0) / map.size(1);
            source = std::get<1>(by_expert(map).to(at::kChar).sort(
                                     /*stable=*/true, 1, /*descending=*/true))
                         .slice(1, 0, capacity)
                         .flatten();
            places.copy_(source);
          } else {
            check_choices(map, permuted.size(0));
            source = by_expert(map).nonzero().select(1, 1);
            places.copy_(std::get<1>(source.sort(/*stable=*/true, 0, /*descending=*/false)));
          }
          permuted.copy_(tokens.index_select(0, source));
          if (probs && permuted_probs) {
            const Tensor ids = padded ? tokens_of(source, map.size(1)) : source;
            permuted_probs->copy_(sorted_weights(*probs, map, ids, padded).flatten());
          }
        })

EMULATE(aclnnMoeTokenPermuteWithRoutingMapGrad, [](Tensor grad, OptionalTensor probs_grad,
                                                   Tensor places, OptionalTensor map,
                                                   int64_t experts, int64_t count, bool padded,
                                                   Tensor of_tokens, OptionalTensor of_probs) {
  const Tensor rows = wide(grad);
  if (padded) {
    of_tokens.copy_(
        at::zeros(of_tokens.sizes(), rows.options()).index_add(0, places.to(at::kLong), rows));
  } else {
    of_tokens.copy_(rows.index_select(0, places.to(at::kLong)).unflatten(0, {count, -1}).sum(1));
  }
  if (probs_grad && of_probs) {
    TORCH_CHECK(map, "permutedProbsOutputGradOptional needs routingMapOptional");
    const Tensor ids = padded ? tokens_of(places, experts) : places;
    of_probs->copy_(weight_gradient(*probs_grad, *map, ids, padded, of_probs->sizes()));
  }
})

EMULATE(aclnnMoeTokenUnpermuteWithRoutingMap, [](Tensor permuted, Tensor places, OptionalTensor map,
                                                 OptionalTensor probs, bool padded,
                                                 OptionalIntArray, Tensor out, Tensor out_index,
                                                 Tensor token_ids, OptionalTensor permuted_probs) {
  TORCH_CHECK(!probs || map, "probsOptional needs routingMapOptional");
  Tensor rows = wide(permuted);
  if (probs) {
    const Tensor ids = padded ? tokens_of(places, probs->size(1)) : places;
    const Tensor weights = sorted_weights(*probs, *map, ids, padded);
    rows = rows * column(wide(weights));
    if (permuted_probs) permuted_probs->copy_(weights.flatten());
  }
  if (padded) {
    const auto [ids, order] = places.sort(/*stable=*/true, 0, /*descending=*/false);
    token_ids.copy_(ids);
    out_index.copy_(order);
    out.copy_(at::zeros(out.sizes(), rows.options()).index_add(0, places.to(at::kLong), rows));
  } else {
    const int64_t k = places.numel() / out.size(0);
    token_ids.copy_(at::floor_divide(at::arange(places.numel()), k));
    out_index.copy_(places);
    out.copy_(rows.index_select(0, places.to(at::kLong)).unflatten(0, {-1, k}).sum(1));
  }
})

EMULATE(aclnnMoeTokenUnpermuteWithRoutingMapGrad, [](Tensor grad, Tensor out_index,
                                                     Tensor token_ids, OptionalTensor map,
                                                     OptionalTensor permuted, OptionalTensor probs,
                                                     bool padded, OptionalIntArray,
                                                     Tensor of_permuted, OptionalTensor of_probs) {
  const Tensor order = out_index.flatten().to(at::kLong);
  const Tensor ids = padded ? token_ids.flatten().to(at::kLong)
                            : at::floor_divide(at::arange(order.numel()),
                                               order.numel() / std::max<int64_t>(grad.size(0), 1));
  Tensor rows = at::zeros(of_permuted.sizes(), wide(grad).options());
  rows.index_copy_(0, order, wide(grad).index_select(0, ids));
  if (probs && of_probs) {
    TORCH_CHECK(map && permuted,
                "probsOptional needs routingMapOptional and permutedTokensOptional");
    const Tensor sorted =
        padded ? tokens_of(at::empty_like(ids).index_copy_(0, order, ids), probs->size(1)) : ids;
    const Tensor dots = (rows * wide(*permuted)).sum(-1);
    of_probs->copy_(weight_gradient(dots, *map, sorted, padded, of_probs->sizes()));
    rows = rows * column(wide(sorted_weights(*probs, *map, sorted, padded)));
  }
  of_permuted.copy_(rows);
})

}  // namespace ascend_emulator
