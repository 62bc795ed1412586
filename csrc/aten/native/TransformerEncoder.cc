#include <ATen/ops/_native_multi_head_attention_native.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/_transformer_encoder_layer_fwd_native.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <cmath>
#include <limits>
#include <utility>

// What torch.nn.TransformerEncoderLayer and MultiheadAttention call in eval mode. PyTorch's
// functions are made of operators; the ones below are their parts.
namespace at_npu {
namespace {

// [batch, length, 3 * heads * depth] with its bias to three of [batch, heads, length, depth].
std::tuple<at::Tensor, at::Tensor, at::Tensor> split_heads(const at::Tensor& given,
                                                           const at::Tensor& bias, int64_t heads) {
  const at::Tensor qkv = given.is_nested() ? given.to_padded_tensor(0) : given;
  TORCH_CHECK(qkv.dim() == 3 && qkv.size(2) % (3 * heads) == 0 && bias.numel() == qkv.size(2),
              "_transform_bias_rescale_qkv: expected qkv [batch, length, 3 * heads * depth] and a "
              "bias of its last size, got ",
              qkv.sizes(), " and ", bias.sizes(), " for ", heads, " heads");
  const int64_t depth = qkv.size(2) / (3 * heads);
  const auto part = qkv.add(bias)
                        .view({qkv.size(0), qkv.size(1), 3, heads, depth})
                        .permute({2, 0, 3, 1, 4})
                        .contiguous()
                        .unbind(0);
  return {part[0].div(std::sqrt(static_cast<double>(depth))), part[1], part[2]};
}

// mask_type 0: of each pair of positions; 1: of the keys of each batch; 2: of every score.
at::Tensor expanded(const at::Tensor& mask, const at::Tensor& scores,
                    std::optional<int64_t> mask_type) {
  TORCH_CHECK(mask.scalar_type() == at::kBool, "Mask should be a boolean tensor");
  if (mask_type == 1 && mask.dim() == 2) {
    return mask.view({mask.size(0), 1, 1, mask.size(1)}).expand(scores.sizes());
  }
  return mask.expand(scores.sizes());
}

at::Tensor masked_softmax(const at::Tensor& self, const at::Tensor& mask,
                          std::optional<int64_t> dim, std::optional<int64_t> mask_type) {
  const at::Tensor hidden = expanded(mask, self, mask_type);
  return self.masked_fill(hidden, -std::numeric_limits<double>::infinity())
      .softmax(dim.value_or(self.dim() - 1));
}

at::Tensor masked_softmax_backward(const at::Tensor& grad, const at::Tensor& output,
                                   const at::Tensor& mask, std::optional<int64_t> dim) {
  const int64_t along = dim.value_or(output.dim() - 1);
  return at::_softmax_backward_data(grad, output, along, output.scalar_type())
      .masked_fill_(mask.expand(output.sizes()), 0);
}

// PyTorch's functions want one dtype throughout: autocast must not come in between.
template <auto kernel>
struct WithoutAutocast;
template <class Result, class... Arguments, Result (*kernel)(Arguments...)>
struct WithoutAutocast<kernel> {
  static Result call(Arguments... arguments) {
    const c10::impl::ExcludeDispatchKeyGuard guard(c10::DispatchKey::AutocastPrivateUse1);
    return kernel(std::forward<Arguments>(arguments)...);
  }
};

}  // namespace

void for_all_layouts(torch::Library& m) {
  m.impl("_transformer_encoder_layer_fwd",
         &WithoutAutocast<&at::native::transformer_encoder_layer_forward>::call);
  m.impl("_native_multi_head_attention",
         &WithoutAutocast<&at::native::native_multi_head_attention_cpu>::call);
  m.impl("_transform_bias_rescale_qkv", &split_heads);
}
TORCH_LIBRARY_IMPL(aten, NestedTensorPrivateUse1, m) { for_all_layouts(m); }
TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  for_all_layouts(m);
  m.impl("_masked_softmax", &masked_softmax);
  m.impl("_masked_softmax_backward", &masked_softmax_backward);
}

}  // namespace at_npu
