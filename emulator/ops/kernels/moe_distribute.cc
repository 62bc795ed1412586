#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/round.h>
#include <ATen/ops/zeros.h>

#include "emulator/ops/exchange.h"
#include "emulator/ops/functions/collective.h"
#include "emulator/ops/kernels/operand.h"

// Tokens go to the ranks of their experts and come back. Each rank has a block for each other in
// what it sends, with room for all tokens that may go there, so that nobody needs to know counts
// before.
namespace ascend_emulator {
namespace {

// What both directions agree on.
struct Experts {
  int64_t ranks, rank, count;  // `count` experts in all
  int64_t tokens, k, global_tokens;

  int64_t local() const { return count / ranks; }
  // Rows from one rank to another: every token, once for each of its experts there.
  int64_t capacity() const {
    const int64_t each = global_tokens == 0 ? tokens : global_tokens / ranks;
    return each * std::min(local(), k);
  }
};

void check(const Experts& experts, int64_t ranks, int64_t shared_ranks, int64_t tp_ranks) {
  TORCH_CHECK(experts.ranks == ranks, "epWorldSize is ", experts.ranks, ", the communicator has ",
              ranks, " ranks.");
  TORCH_CHECK(experts.count > 0 && experts.count % ranks == 0, "moeExpertNum ", experts.count,
              " must be a multiple of the ", ranks, " ranks.");
  TORCH_CHECK(shared_ranks == 0 && tp_ranks <= 1,
              "shared experts and tensor parallelism are not there on Atlas A2.");
}

// Choices (token * k + j) sorted by expert, and the row of each in the blocks.
struct Routes {
  Tensor choices, experts, rows;
};

// Row of each element in a block of its own for each of sorted `owners`.
Tensor block_rows(const Tensor& owners, int64_t count, int64_t capacity) {
  const Tensor sizes = at::bincount(owners, {}, count);
  const Tensor begins = at::cumsum(sizes, 0) - sizes;
  const Tensor place = at::arange(owners.numel()) - begins.index_select(0, owners);
  TORCH_CHECK(place.numel() == 0 || place.max().item<int64_t>() < capacity,
              "more tokens than globalBs gives room for.");
  return owners * capacity + place;
}

Routes routes(const Experts& experts, const Tensor& ids, const OptionalTensor& mask) {
  Tensor active = at::ones({experts.tokens, experts.k}, at::kBool);
  if (mask) active = active.logical_and(mask->dim() == 1 ? mask->unsqueeze(1) : *mask);
  const Tensor all = ids.flatten().to(at::kLong);
  TORCH_CHECK(all.numel() == 0 ||
                  (all.min().item<int64_t>() >= 0 && all.max().item<int64_t>() < experts.count),
              "expertIds must be 0 to ", experts.count - 1, ".");
  const Tensor used = active.flatten().nonzero().flatten();
  const auto [sorted, order] =
      all.index_select(0, used).sort(/*stable=*/true, 0, /*descending=*/false);
  const Tensor owners = at::floor_divide(sorted, experts.local());
  return {used.index_select(0, order), sorted,
          block_rows(owners, experts.ranks, experts.capacity())};
}

Tensor token_of(const Experts& experts, const Tensor& choices) {
  return at::floor_divide(choices, experts.k);
}

// Bytes of rows, and back.
Tensor bytes(const Tensor& rows) {
  return rows.contiguous().view({rows.size(0), -1}).view(at::kChar);
}
Tensor numbers(const Tensor& rows, int64_t begin, int64_t end, ScalarType type) {
  return rows.slice(1, begin, end).contiguous().view(type);
}

struct Dispatch {
  const char* name;
  Experts experts;
  int64_t shared_ranks, tp_ranks;
  Tensor x, ids;
  OptionalTensor scales, mask, weights;
  bool quantizes, counts_are_sums;
  Tensor expanded;
  OptionalTensor dynamic_scales;
  Tensor info, expert_counts, receive_counts;
  OptionalTensor expanded_weights;

  const char* group() const { return name; }
  int64_t payload() const { return x.size(1) * expanded.element_size(); }
  // Behind the token: its expert, its weight and its scale.
  int64_t row_bytes() const { return payload() + 12; }

  Transfer transfer(int64_t ranks) const {
    check(experts, ranks, shared_ranks, tp_ranks);
    const int64_t count = ranks * experts.capacity() * row_bytes();
    return {Transfer::Kind::kAllToAll, ACL_INT8, count, count};
  }

  void before(int64_t, Tensor sent) const {
    const Routes way = routes(experts, ids, mask);
    Tensor values = x.index_select(0, token_of(experts, way.choices));
    Tensor steps = at::zeros({way.choices.numel(), 1}, at::kFloat);
    if (quantizes) {
      values = wide(values);
      if (scales) values = values * scales->index_select(0, way.experts);
      steps = values.abs().amax(-1, /*keepdim=*/true) / 127;
      values = at::round((values / steps).masked_fill(steps == 0, 0)).to(at::kChar);
    }
    const Tensor weight = weights ? weights->flatten().index_select(0, way.choices)
                                  : at::zeros({way.choices.numel()}, at::kFloat);
    const Tensor rows =
        at::cat({bytes(values), bytes(way.experts.to(at::kInt)), bytes(weight), bytes(steps)}, 1);
    sent.fill_(-1);  // no expert
    sent.view({-1, row_bytes()}).index_copy_(0, way.rows, rows);
    describe(way);
  }

  void after(int64_t ranks, Tensor received) const {
    const Tensor all = received.view({-1, row_bytes()});
    const int64_t end = payload();
    const Tensor expert = numbers(all, end, end + 4, at::kInt).flatten().to(at::kLong);
    const Tensor used = (expert >= 0).nonzero().flatten();
    const auto [sorted, order] =
        expert.index_select(0, used).sort(/*stable=*/true, 0, /*descending=*/false);
    const Tensor from = used.index_select(0, order);
    const Tensor rows = all.index_select(0, from);
    const int64_t count = from.numel();
    fill(expanded, numbers(rows, 0, end, expanded.scalar_type()));
    if (expanded_weights) {
      fill(*expanded_weights, numbers(rows, end + 4, end + 8, at::kFloat).flatten());
    }
    if (dynamic_scales && dynamic_scales->numel() >= count) {
      fill(*dynamic_scales, numbers(rows, end + 8, end + 12, at::kFloat).flatten());
    }
    const Tensor own = sorted - experts.rank * experts.local();
    const Tensor source = at::floor_divide(from, experts.capacity());
    const Tensor sizes = at::bincount(own * ranks + source, {}, experts.local() * ranks);
    fill(receive_counts, at::cumsum(sizes, 0));
    const Tensor of_expert = at::bincount(own, {}, experts.local());
    expert_counts.copy_(counts_are_sums ? at::cumsum(of_expert, 0) : of_expert);
  }

 private:
  static void fill(Tensor out, const Tensor& begin) {
    out.zero_().slice(0, 0, begin.size(0)).copy_(begin);
  }

  // How many choices of the same expert come before each; combine does not need more.
  void describe(const Routes& way) const {
    Tensor out = info;
    const Tensor sizes = at::bincount(way.experts, {}, experts.count);
    const Tensor begins = at::cumsum(sizes, 0) - sizes;
    const Tensor place = at::arange(way.experts.numel()) - begins.index_select(0, way.experts);
    out.zero_().index_copy_(0, way.choices, place.to(at::kInt));
  }
};

struct Combine {
  const char* name;
  Experts experts;
  int64_t shared_ranks, tp_ranks;
  Tensor expanded, ids, send_counts, weights;
  OptionalTensor mask, shared;
  Tensor out;

  const char* group() const { return name; }

  Transfer transfer(int64_t ranks) const {
    check(experts, ranks, shared_ranks, tp_ranks);
    const int64_t count = ranks * experts.capacity() * expanded.size(1);
    return {Transfer::Kind::kAllToAll, acl_type(expanded.scalar_type()), count, count};
  }

  void before(int64_t ranks, Tensor sent) const {
    const Tensor sums = send_counts.slice(0, 0, experts.local() * ranks).to(at::kLong).contiguous();
    const Tensor sizes = at::cat({sums.slice(0, 0, 1), sums.slice(0, 1) - sums.slice(0, 0, -1)});
    const Tensor source = at::remainder(at::arange(sizes.numel()), ranks).repeat_interleave(sizes);
    const auto [owners, order] = source.sort(/*stable=*/true, 0, /*descending=*/false);
    const Tensor rows = block_rows(owners, ranks, experts.capacity());
    sent.zero_().view({-1, expanded.size(1)}).index_copy_(0, rows, expanded.index_select(0, order));
  }

  void after(int64_t, Tensor received) const {
    const Routes way = routes(experts, ids, mask);
    const Tensor rows = wide(received.view({-1, expanded.size(1)}).index_select(0, way.rows)) *
                        weights.flatten().index_select(0, way.choices).unsqueeze(-1);
    Tensor result = at::zeros({experts.tokens, expanded.size(1)}, at::kFloat)
                        .index_add(0, token_of(experts, way.choices), rows);
    if (shared) result = result + wide(*shared).reshape(result.sizes());
    out.copy_(result);
  }
};

void check_plain(int64_t out_dtype, int64_t quant_mode) {
  TORCH_CHECK(out_dtype == 0 && quant_mode == 0, "outDtype and commQuantMode 0 are emulated.");
}

}  // namespace

EMULATE_EXCHANGE(aclnnMoeDistributeDispatch,
                 [](Tensor x, Tensor ids, OptionalTensor scales, OptionalTensor mask,
                    OptionalTensor weights, std::string_view group, int64_t ranks, int64_t rank,
                    int64_t count, std::string_view, int64_t tp_ranks, int64_t, int64_t, int64_t,
                    int64_t shared_ranks, int64_t quant_mode, int64_t global_bs,
                    int64_t counts_type, Tensor expanded, OptionalTensor dynamic_scales,
                    Tensor info, Tensor expert_counts, Tensor receive_counts, OptionalTensor,
                    OptionalTensor expanded_weights) {
                   return Dispatch{group.data(),
                                   {ranks, rank, count, x.size(0), ids.size(1), global_bs},
                                   shared_ranks,
                                   tp_ranks,
                                   x,
                                   ids,
                                   scales,
                                   mask,
                                   weights,
                                   quant_mode == 2,
                                   counts_type == 0,
                                   expanded,
                                   dynamic_scales,
                                   info,
                                   expert_counts,
                                   receive_counts,
                                   expanded_weights};
                 })
EMULATE_EXCHANGE(aclnnMoeDistributeDispatchV2,
                 [](Tensor x, Tensor ids, OptionalTensor scales, OptionalTensor mask,
                    OptionalTensor weights, std::string_view group, int64_t ranks, int64_t rank,
                    int64_t count, std::string_view, int64_t tp_ranks, int64_t, int64_t, int64_t,
                    int64_t shared_ranks, int64_t quant_mode, int64_t global_bs,
                    int64_t counts_type, std::string_view, Tensor expanded,
                    OptionalTensor dynamic_scales, Tensor info, Tensor expert_counts,
                    Tensor receive_counts, OptionalTensor, OptionalTensor expanded_weights) {
                   return Dispatch{group.data(),
                                   {ranks, rank, count, x.size(0), ids.size(1), global_bs},
                                   shared_ranks,
                                   tp_ranks,
                                   x,
                                   ids,
                                   scales,
                                   mask,
                                   weights,
                                   quant_mode == 2,
                                   counts_type == 0,
                                   expanded,
                                   dynamic_scales,
                                   info,
                                   expert_counts,
                                   receive_counts,
                                   expanded_weights};
                 })
EMULATE_EXCHANGE(aclnnMoeDistributeCombine,
                 [](Tensor expanded, Tensor ids, Tensor, Tensor send_counts, Tensor weights,
                    OptionalTensor, OptionalTensor mask, OptionalTensor, OptionalTensor,
                    OptionalTensor, OptionalTensor, std::string_view group, int64_t ranks,
                    int64_t rank, int64_t count, std::string_view, int64_t tp_ranks, int64_t,
                    int64_t, int64_t, int64_t shared_ranks, int64_t global_bs, int64_t out_dtype,
                    int64_t quant_mode, int64_t, Tensor out) {
                   check_plain(out_dtype, quant_mode);
                   return Combine{
                       group.data(), {ranks, rank, count, ids.size(0), ids.size(1), global_bs},
                       shared_ranks, tp_ranks,
                       expanded,     ids,
                       send_counts,  weights,
                       mask,         {},
                       out};
                 })
EMULATE_EXCHANGE(aclnnMoeDistributeCombineV2,
                 [](Tensor expanded, Tensor ids, Tensor, Tensor send_counts, Tensor weights,
                    OptionalTensor, OptionalTensor mask, OptionalTensor, OptionalTensor,
                    OptionalTensor, OptionalTensor, OptionalTensor shared, std::string_view group,
                    int64_t ranks, int64_t rank, int64_t count, std::string_view, int64_t tp_ranks,
                    int64_t, int64_t, int64_t, int64_t shared_ranks, int64_t global_bs,
                    int64_t out_dtype, int64_t quant_mode, int64_t, std::string_view, Tensor out) {
                   check_plain(out_dtype, quant_mode);
                   return Combine{
                       group.data(), {ranks, rank, count, ids.size(0), ids.size(1), global_bs},
                       shared_ranks, tp_ranks,
                       expanded,     ids,
                       send_counts,  weights,
                       mask,         shared,
                       out};
                 })

}  // namespace ascend_emulator
