#include "csrc/aten/aclnn/attention.h"

#include <ATen/native/DispatchStub.h>
#include <ATen/native/transformers/attention.h>
#include <ATen/native/transformers/sdp_utils_cpp.h>
#include <torch/library.h>

#include <cmath>
#include <limits>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/core/NPUGuard.h"

// scaled_dot_product_attention through aclnnFlashAttentionScore where that fits; PyTorch's own
// decomposition into matmul and softmax otherwise.
namespace at_npu {
namespace {

constexpr int64_t kStatisticsWidth = 8;  // the kernel repeats each row's maximum and sum so often
constexpr int64_t kAllTokens = std::numeric_limits<int32_t>::max();
constexpr int64_t kMaxDepth = 512;

bool fits_flash(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                const std::optional<at::Tensor>& mask, double dropout_p, bool enable_gqa) {
  const auto is_dense = [](const at::Tensor& tensor) {
    return tensor.dim() == 4 && !tensor.is_nested() && tensor.numel() != 0;
  };
  const at::ScalarType dtype = query.scalar_type();
  const bool half = dtype == at::kHalf || dtype == at::kBFloat16;
  return is_dense(query) && is_dense(key) && is_dense(value) && half && !enable_gqa &&
         dropout_p == 0 && !(mask.has_value() && mask->defined()) && key.sizes() == value.sizes() &&
         query.size(0) == key.size(0) && query.size(1) == key.size(1) &&
         query.size(-1) == key.size(-1) && query.size(-1) <= kMaxDepth &&
         key.scalar_type() == dtype && value.scalar_type() == dtype;
}

int64_t choose(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
               const std::optional<at::Tensor>& mask, double dropout_p, bool /*is_causal*/,
               std::optional<double> /*scale*/, bool enable_gqa) {
  const bool flash = at::globalContext().userEnabledFlashSDP() &&
                     fits_flash(query, key, value, mask, dropout_p, enable_gqa);
  return static_cast<int64_t>(flash ? sdp::SDPBackend::overrideable : sdp::SDPBackend::math);
}

double scale_or_default(std::optional<double> scale, const at::Tensor& query) {
  return scale.value_or(1.0 / std::sqrt(static_cast<double>(query.size(-1))));
}

// True above the diagonal: what a causal query must not see.
std::optional<at::Tensor> causal_mask(bool is_causal, const at::Tensor& query,
                                      const at::Tensor& key) {
  if (!is_causal) return std::nullopt;
  return empty({query.size(2), key.size(2)}, at::kBool, query.device()).fill_(true).triu_(1);
}

using Forward = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor, c10::SymInt, c10::SymInt,
                           at::Tensor, at::Tensor, at::Tensor>;

// In the place of the log-sum-exp goes what our backward needs: [2, batch, heads, queries, 8], each
// row's maximum and sum.
Forward attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  const std::optional<at::Tensor>& attn_bias, double dropout_p, bool is_causal,
                  bool /*return_debug_mask*/, std::optional<double> scale) {
  TORCH_CHECK(fits_flash(query, key, value, attn_bias, dropout_p, /*enable_gqa=*/false),
              "_scaled_dot_product_fused_attention_overrideable on npu takes float16 or bfloat16 "
              "tensors [batch, heads, length, depth <= 512], key and value of one size, without "
              "bias and dropout. Use "
              "scaled_dot_product_attention, which chooses a path that fits.");
  const c10_npu::NPUGuard guard(query.device());
  const at::Tensor out = new_like(query);
  const at::Tensor statistics =
      empty({2, query.size(0), query.size(1), query.size(2), kStatisticsWidth}, at::kFloat,
            query.device());
  const at::Tensor none;
  ACLNN_CALL(aclnnFlashAttentionScore, query, key, value, none, none, none,
             causal_mask(is_causal, query, key), at::OptionalIntArrayRef(),
             scale_or_default(scale, query), 1.0, kAllTokens, kAllTokens, query.size(1), "BNSD", 0,
             0, statistics[0], statistics[1], none, out);
  const at::Tensor unused = empty({0}, at::kLong, query.device());
  return {out, statistics, unused, unused, query.size(2), key.size(2), unused, unused, unused};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor> attention_backward(
    const at::Tensor& grad_out, const at::Tensor& query, const at::Tensor& key,
    const at::Tensor& value, const at::Tensor& /*attn_bias*/, std::array<bool, 4> /*mask*/,
    const at::Tensor& out, const at::Tensor& statistics, const at::Tensor&, const at::Tensor&,
    int64_t, int64_t, double /*dropout_p*/, bool is_causal, const at::Tensor&, const at::Tensor&,
    std::optional<double> scale) {
  const c10_npu::NPUGuard guard(query.device());
  const at::Tensor grad_query = new_like(query);
  const at::Tensor grad_key = new_like(key);
  const at::Tensor grad_value = new_like(value);
  const at::Tensor none;
  ACLNN_CALL(aclnnFlashAttentionScoreGrad, query, key, value, grad_out, none, none, none,
             causal_mask(is_causal, query, key), statistics[0], statistics[1], none, out,
             at::OptionalIntArrayRef(), scale_or_default(scale, query), 1.0, kAllTokens, kAllTokens,
             query.size(1), "BNSD", 0, 0, grad_query, grad_key, grad_value, none);
  return {grad_query, grad_key, grad_value, none};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_fused_sdp_choice", &choose);
  m.impl("_scaled_dot_product_fused_attention_overrideable", &attention);
  m.impl("_scaled_dot_product_fused_attention_overrideable_backward", &attention_backward);
}

}  // namespace at_npu

namespace at::native {
REGISTER_PRIVATEUSE1_DISPATCH(_fused_sdp_choice_stub, &at_npu::choose)
}  // namespace at::native
