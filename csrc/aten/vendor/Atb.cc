#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/aclnn/inference.h"
#include "csrc/aten/aclnn/rotary.h"
#include "csrc/aten/vendor/AtbRules.h"
#include "csrc/core/NPUGuard.h"

// Operators of Ascend Transformer Boost that take several calls. Checks are those of atb.yaml.
namespace at_npu::vendor {
namespace {

using Optional = std::optional<at::Tensor>;

// Attention of one sequence: [1, S, N, D], keys and values alike or in blocks of `cache_size` rows.
void attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
            const Optional& mask, const Optional& block_table, int64_t key_length,
            int64_t cache_size, int64_t heads, int64_t key_heads, double scale,
            const at::Tensor& out) {
  const int64_t lengths[] = {key_length};
  const int64_t mask_mode = is_given(mask) ? 1 : 0;  // all of the mask, or everything is seen
  const at::Tensor no_lse = make(sized(query, {0}, at::kFloat));
  ACLNN_CALL(aclnnFusedInferAttentionScoreV3, query, at::TensorList(key), at::TensorList(value),
             std::nullopt, mask, at::OptionalIntArrayRef(), at::IntArrayRef(lengths), std::nullopt,
             std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
             block_table, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
             std::nullopt, std::nullopt, std::nullopt, at::OptionalIntArrayRef(), std::nullopt,
             std::nullopt, std::nullopt, heads, scale, kAllTokens, kAllTokens, "BSND", key_heads,
             mask_mode, 0, cache_size, 0, false, 0, 0, out, no_lse);
}

// `lengths` divides the tokens; the last sequence ends where they end, or before.
void check_sum(const char* op, at::IntArrayRef lengths, const at::Tensor& tokens) {
  int64_t sum = 0;
  for (const int64_t length : lengths) sum += length;
  TORCH_CHECK(sum <= tokens.size(0), op, ": the lengths in seq_len, ", lengths,
              ", add up to more than the ", tokens.size(0), " tokens");
}

void unpadded_attention(const char* op, const at::Tensor& query, const at::Tensor& key,
                        const at::Tensor& value, const at::Tensor& mask, const at::Tensor& seq_len,
                        double scale, int64_t heads, int64_t key_heads, const at::Tensor& out) {
  const c10_npu::NPUGuard guard(query.device());
  const auto lengths = host_lengths(op, seq_len);
  check_sum(op, lengths, query);
  const at::Tensor hidden = mask.defined() ? mask.ne(0) : mask;
  int64_t begin = 0;
  for (size_t b = 0; b < lengths.size(); begin += lengths[b], ++b) {
    const int64_t length = lengths[b];
    if (length == 0) continue;
    const auto part = [&](const at::Tensor& tensor) {
      return tensor.narrow(0, begin, length).unsqueeze(0);
    };
    Optional own;
    if (hidden.defined()) {
      TORCH_CHECK(hidden.size(-1) >= length && hidden.size(-2) >= length, op, ": mask ",
                  mask.sizes(), " is smaller than a sequence of ", length, " tokens");
      const bool apart = hidden.dim() == 3 && hidden.size(0) > 1;
      const at::Tensor matrix = hidden.dim() == 3 ? hidden.select(0, apart ? b : 0) : hidden;
      own = matrix.narrow(0, 0, length).narrow(1, 0, length).unsqueeze(0);
    }
    attend(part(query), part(key), part(value), own, std::nullopt, length, 0, heads, key_heads,
           scale, part(out));
  }
}

void flash_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     const at::Tensor& mask, const at::Tensor& seq_len, double scale_value,
                     int64_t num_heads, int64_t num_kv_heads, const at::Tensor& out) {
  constexpr char op[] = "_npu_flash_attention";
  check_unpadded_attention(op, query, key, value, seq_len, num_heads, num_kv_heads, out);
  check_prompt_mask(mask, seq_len);
  unpadded_attention(op, query, key, value, mask, seq_len, scale_value, num_heads, num_kv_heads,
                     out);
}

void flash_attention_unpad(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           const at::Tensor& seq_len, double scale_value, int64_t num_heads,
                           int64_t num_kv_heads, const at::Tensor& out) {
  constexpr char op[] = "_npu_flash_attention_unpad";
  check_unpadded_attention(op, query, key, value, seq_len, num_heads, num_kv_heads, out);
  unpadded_attention(op, query, key, value, {}, seq_len, scale_value, num_heads, num_kv_heads, out);
}

void paged_attention_splitfuse(const at::Tensor& query, const at::Tensor& key_cache,
                               const at::Tensor& value_cache, const at::Tensor& block_table,
                               const at::Tensor& context_lens, const at::Tensor& mask,
                               const at::Tensor& seq_len, int64_t num_kv_heads, int64_t num_heads,
                               double scale_value, const at::Tensor& out) {
  constexpr char op[] = "_npu_paged_attention_splitfuse";
  check_paged_attention(op, query, key_cache, value_cache, num_kv_heads, num_heads, block_table,
                        context_lens, seq_len, out);
  check_splitfuse_mask(query, mask);
  const c10_npu::NPUGuard guard(query.device());
  const auto lengths = host_lengths(op, seq_len), key_lengths = host_lengths(op, context_lens);
  check_sum(op, lengths, query);
  const at::Tensor hidden = mask.ne(0);
  const at::Tensor keys = key_cache.flatten(2), values = value_cache.flatten(2);
  const int64_t block_size = key_cache.size(1);
  int64_t begin = 0;
  for (size_t b = 0; b < lengths.size(); begin += lengths[b], ++b) {
    const int64_t length = lengths[b], blocks = (key_lengths[b] + block_size - 1) / block_size;
    if (length == 0 || blocks == 0) continue;
    TORCH_CHECK(mask.size(1) >= key_lengths[b] && block_table.size(1) >= blocks, op, ": mask ",
                mask.sizes(), " and block_table ", block_table.sizes(), " must reach over the ",
                key_lengths[b], " keys of a sequence");
    // The kernel wants a mask as wide as the blocks.
    const int64_t width = blocks * block_size;
    at::Tensor own = hidden.narrow(0, begin, length);
    own = own.size(1) < width ? at::constant_pad_nd(own, {0, width - own.size(1)}, true)
                              : own.narrow(1, 0, width);
    attend(query.narrow(0, begin, length).unsqueeze(0), keys, values, own.unsqueeze(0),
           block_table.narrow(0, static_cast<int64_t>(b), 1).narrow(1, 0, blocks), key_lengths[b],
           block_size, num_heads, num_kv_heads, scale_value,
           out.narrow(0, begin, length).unsqueeze(0));
  }
}

void rotary_embedding(const at::Tensor& positions, const at::Tensor& query, const at::Tensor& key,
                      int64_t head_size, const at::Tensor& cos_sin_cache, bool is_neox_style) {
  check_rotary_embedding(positions, query, key, head_size, cos_sin_cache);
  const c10_npu::NPUGuard guard(query.device());
  if (positions.numel() == 0) return;
  const at::Tensor flat_query = query.flatten(1), flat_key = key.flatten(1);
  const at::Tensor new_query = at::empty_like(flat_query), new_key = at::empty_like(flat_key);
  constexpr int64_t kNoSections[] = {0, 0, 0};
  ACLNN_CALL(aclnnRopeWithSinCosCache, positions.flatten(), flat_query, flat_key,
             cos_sin_cache.to(query.scalar_type()), at::IntArrayRef(kNoSections), head_size,
             is_neox_style, new_query, new_key);
  query.copy_(new_query.view_as(query));
  key.copy_(new_key.view_as(key));
}

void group_topk(const at::Tensor& self, int64_t k, int64_t group_num, int64_t n) {
  check_group_topk(self, k, group_num, n);
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor groups = self.unflatten(1, {group_num, -1});
  const at::Tensor score = std::get<0>(groups.to(at::kFloat).topk(n, -1)).sum(-1);
  // Stable: of equal groups the first ones are kept.
  const at::Tensor order = std::get<1>(score.sort(/*stable=*/true, -1, /*descending=*/true));
  at::Tensor left_out = at::ones(score.sizes(), score.options().dtype(at::kBool));
  left_out.scatter_(-1, order.narrow(-1, 0, k), false);
  groups.masked_fill_(left_out.unsqueeze(-1), 0);
}

}  // namespace

c10::SmallVector<int64_t, 5> host_lengths(const char* op, const at::Tensor& lengths) {
  TORCH_CHECK(c10::isIntegralType(lengths.scalar_type(), /*includeBool=*/false), op,
              ": lengths must be integers, got ", lengths.scalar_type());
  const at::Tensor on_host = lengths.to(at::kCPU, at::kLong).contiguous();
  const int64_t* values = on_host.const_data_ptr<int64_t>();
  return {values, values + on_host.numel()};
}

at::Tensor one_group(const at::Tensor& x) {
  return at::full({1}, x.size(0), x.options().dtype(at::kLong));
}

TORCH_LIBRARY_IMPL(atb, PrivateUse1, m) {
  m.impl("_npu_flash_attention", &flash_attention);
  m.impl("_npu_flash_attention_unpad", &flash_attention_unpad);
  m.impl("_npu_paged_attention_splitfuse", &paged_attention_splitfuse);
  m.impl("_npu_rotary_embedding", &rotary_embedding);
  m.impl("_npu_group_topk", &group_topk);
}

}  // namespace at_npu::vendor
