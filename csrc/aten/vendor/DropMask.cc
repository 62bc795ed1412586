#include <ATen/ops/full.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/random.h"
#include "csrc/aten/vendor/AttentionRules.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUGraph.h"

// Bits of dropout for the scores of an attention.
namespace at_npu::vendor {
namespace {

using Ends = at::OptionalIntArrayRef;

constexpr int64_t kMaskBits = 128;  // a mask is padded to these

at::Tensor empty_mask(at::Device device, int64_t count) {
  return at_npu::empty({(count + kMaskBits - 1) / kMaskBits * kMaskBits / 8}, at::kByte, device);
}

at::Tensor generate_mask(at::Device device, double keep_prob, int64_t seed, int64_t offset,
                         int64_t count) {
  const at::Tensor mask = empty_mask(device, count);
  const int64_t shape[] = {count};
  ACLNN_CALL(aclnnDropoutGenMaskV2, at::IntArrayRef(shape), 1 - keep_prob, seed, offset, at::kFloat,
             mask);
  return mask;
}

// Scores of all heads.
int64_t count_scores(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                     std::string_view layout, Ends query_ends, Ends key_ends) {
  if (layout != "TND") {
    const int64_t length = length_dim(layout);
    return query.size(batch_dim(layout)) * head_num * query.size(length) * key.size(length);
  }
  int64_t result = 0;
  for (size_t i = 0; i < query_ends->size(); ++i) {
    const auto size = [&](const Ends& ends) { return (*ends)[i] - (i == 0 ? 0 : (*ends)[i - 1]); };
    result += head_num * size(query_ends) * size(key_ends);
  }
  return result;
}

at::Tensor generate_mask(at::Device device, double keep_prob, const at::Tensor& seed,
                         const at::Tensor& offset, int64_t count) {
  const at::Tensor mask = empty_mask(device, count);
  const int64_t shape[] = {count};
  ACLNN_CALL(aclnnDropoutGenMaskV2Tensor, at::IntArrayRef(shape), 1 - keep_prob, seed, offset,
             int64_t{0}, at::kFloat, mask);
  return mask;
}

c10_npu::NPUGeneratorImpl* generator_of(at::Device device) {
  return at::get_generator_or_default<c10_npu::NPUGeneratorImpl>(
      std::nullopt, c10_npu::detail::getDefaultNPUGenerator(device.index()));
}

}  // namespace

DropMask draw_mask(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                   std::string_view layout, double keep_prob, Ends query_ends, Ends key_ends) {
  if (keep_prob == 1 || query.numel() == 0) return {};
  TORCH_CHECK(
      !c10_npu::is_captured(c10_npu::getCurrentNPUStream(query.device().index())),
      "npu_fusion_attention with keep_prob < 1 cannot be part of a graph: all replays would "
      "drop the same. Use npu_fusion_attention_v3, or keep_prob=1 in the graph.");
  DropMask drop;
  drop.count = count_scores(query, key, head_num, layout, query_ends, key_ends);
  {
    auto* generator = generator_of(query.device());
    const std::lock_guard<std::mutex> lock(generator->mutex_);
    const auto [seed, offset] =
        generator->philox_engine_inputs(static_cast<uint64_t>(drop.count) * 4);
    drop.seed = static_cast<int64_t>(seed);
    drop.offset = static_cast<int64_t>(offset);
  }
  drop.mask = generate_mask(query.device(), keep_prob, drop.seed, drop.offset, drop.count);
  return drop;
}

at::Tensor same_mask(const at::Tensor& query, double keep_prob, int64_t seed, int64_t offset,
                     int64_t count) {
  if (keep_prob == 1 || query.numel() == 0) return {};
  TORCH_CHECK(count > 0,
              "npu_fusion_attention_grad: with keep_prob < 1 it needs the seed, offset "
              "and numels that npu_fusion_attention returned");
  return generate_mask(query.device(), keep_prob, seed, offset, count);
}

DropMask given_mask(const char* op, const at::Tensor& mask, const at::Tensor& query,
                    const at::Tensor& key, int64_t head_num, std::string_view layout,
                    Ends query_ends, Ends key_ends) {
  const int64_t count = count_scores(query, key, head_num, layout, query_ends, key_ends);
  TORCH_CHECK(mask.numel() * 8 >= count, op, ": dropout_mask must have a bit for each of the ",
              count, " scores, got ", mask.numel(), " bytes");
  return {.mask = mask, .count = count};
}

SeededMask draw_seeded_mask(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                            std::string_view layout, double keep_prob, Ends query_ends,
                            Ends key_ends) {
  const at::Device device = query.device();
  const auto number = [&](uint64_t value) {
    return at::full({1}, static_cast<int64_t>(value), query.options().dtype(at::kLong));
  };
  if (keep_prob == 1 || query.numel() == 0) return {{}, number(0), number(0)};
  const int64_t count = count_scores(query, key, head_num, layout, query_ends, key_ends);
  SeededMask drop;
  {
    auto* generator = generator_of(device);
    const std::lock_guard<std::mutex> lock(generator->mutex_);
    const uint64_t numbers = static_cast<uint64_t>(count) * 4;
    const auto captured = c10_npu::NPUGraph::reserve(*generator, numbers,
                                                     c10_npu::getCurrentNPUStream(device.index()));
    if (captured.has_value()) {
      drop.seed = captured->seed.clone();
      drop.offset = captured->offset.add(static_cast<int64_t>(captured->first));
    } else {
      const auto [seed, offset] = generator->philox_engine_inputs(numbers);
      drop.seed = number(seed);
      drop.offset = number(offset);
    }
  }
  drop.mask = generate_mask(device, keep_prob, drop.seed, drop.offset, count);
  return drop;
}

at::Tensor same_mask(const at::Tensor& query, const at::Tensor& key, int64_t head_num,
                     std::string_view layout, double keep_prob, Ends query_ends, Ends key_ends,
                     const std::optional<at::Tensor>& seed,
                     const std::optional<at::Tensor>& offset) {
  if (keep_prob == 1 || query.numel() == 0) return {};
  TORCH_CHECK(is_given(seed) && is_given(offset) && seed->numel() == 1 && offset->numel() == 1,
              "npu_fusion_attention_grad_v3: with keep_prob < 1 it needs the seed and offset that "
              "npu_fusion_attention_v3 returned");
  return generate_mask(query.device(), keep_prob, seed->to(query.device(), at::kLong),
                       offset->to(query.device(), at::kLong),
                       count_scores(query, key, head_num, layout, query_ends, key_ends));
}

}  // namespace at_npu::vendor
