#include <ATen/ops/_embedding_bag_backward_native.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/indexing.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using Optional = std::optional<at::Tensor>;
using Four = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>;

enum Mode : int64_t { kSum = 0, kMean = 1, kMax = 2 };

void check(const at::Tensor& weight, const at::Tensor& indices, const at::Tensor& offsets,
           int64_t mode, const Optional& per_sample_weights, bool include_last_offset) {
  const auto is_index = [](const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kLong || tensor.scalar_type() == at::kInt;
  };
  TORCH_CHECK(is_index(indices), "embedding_bag: indices must be Long or Int, got ",
              indices.scalar_type());
  TORCH_CHECK(is_index(offsets), "embedding_bag: offsets must be Long or Int, got ",
              offsets.scalar_type());
  TORCH_CHECK(weight.dim() == 2 && indices.dim() == 1 && offsets.dim() == 1,
              "embedding_bag: expected weight, indices and offsets of 2, 1 and 1 dimensions, got ",
              weight.dim(), ", ", indices.dim(), " and ", offsets.dim());
  TORCH_CHECK(!include_last_offset || offsets.size(0) >= 1,
              "include_last_offset: number of offset should be at least 1");
  if (!is_given(per_sample_weights)) return;
  TORCH_CHECK(mode == kSum, "embedding_bag: per_sample_weights only supported with mode='sum'");
  check_same_dtype("embedding_bag", {weight, *per_sample_weights});
  TORCH_CHECK(per_sample_weights->sizes() == indices.sizes(),
              "expected per_sample_weights to have the same shape as indices, got ",
              per_sample_weights->sizes(), " and ", indices.sizes());
}

Four embedding_bag(const at::Tensor& weight, const at::Tensor& indices, const at::Tensor& offsets,
                   bool scale_grad_by_freq, int64_t mode, bool sparse,
                   const Optional& per_sample_weights, bool include_last_offset,
                   int64_t padding_idx) {
  check(weight, indices, offsets, mode, per_sample_weights, include_last_offset);
  const c10_npu::NPUGuard guard(weight.device());
  const at::ScalarType dtype = at::promoteTypes(indices.scalar_type(), offsets.scalar_type());
  const int64_t bags = offsets.size(0) - (include_last_offset ? 1 : 0);
  const auto numbers = [&](at::IntArrayRef sizes) { return empty(sizes, dtype, weight.device()); };
  const at::Tensor out = new_like(weight, at::IntArrayRef({bags, weight.size(1)}));
  const at::Tensor offset_to_bag = numbers(indices.sizes());
  const at::Tensor bag_size = numbers({bags});
  const at::Tensor max_indices = mode == kMax ? numbers(out.sizes()) : numbers({bags});
  if (indices.numel() == 0) {
    out.zero_();
    bag_size.zero_();
    max_indices.zero_();
  } else {
    ACLNN_CALL(aclnnEmbeddingBag, weight, indices.to(dtype), offsets.to(dtype), scale_grad_by_freq,
               mode, sparse, per_sample_weights, include_last_offset, padding_idx, out,
               offset_to_bag, bag_size, max_indices);
  }
  return {out, offset_to_bag, bag_size, max_indices};
}

at::Tensor dense_backward(const at::Tensor& grad, const at::Tensor& indices,
                          const at::Tensor& offset_to_bag, const at::Tensor& bag_size,
                          const at::Tensor& max_indices, int64_t num_weights,
                          bool scale_grad_by_freq, int64_t mode, const Optional& per_sample_weights,
                          int64_t padding_idx) {
  const c10_npu::NPUGuard guard(grad.device());
  if (mode == kMax) {
    const at::Tensor kept = grad.masked_fill(bag_size.eq(0).unsqueeze(1), 0);
    const at::Tensor out = new_like(grad, at::IntArrayRef({num_weights, grad.size(1)})).zero_();
    return out.scatter_add_(0, max_indices.to(at::kLong), kept);
  }
  at::Tensor per_index = grad.index_select(0, offset_to_bag);
  if (mode == kMean) {
    const at::Tensor sizes = bag_size.clamp_min(1).index_select(0, offset_to_bag);
    per_index = per_index.div(sizes.unsqueeze(1));
  }
  if (is_given(per_sample_weights)) per_index = per_index.mul(per_sample_weights->unsqueeze(1));
  return at::embedding_dense_backward(per_index, indices, num_weights, padding_idx,
                                      scale_grad_by_freq);
}

at::Tensor per_sample_weights_backward(const at::Tensor& grad, const at::Tensor& weight,
                                       const at::Tensor& indices, const at::Tensor& /*offsets*/,
                                       const at::Tensor& offset_to_bag, int64_t mode,
                                       int64_t padding_idx) {
  TORCH_CHECK(mode == kSum,
              "embedding_bag_backward: per_sample_weights only supported for mode='sum'");
  const c10_npu::NPUGuard guard(grad.device());
  const at::Tensor rows = weight.index_select(0, indices);
  const at::Tensor out = grad.index_select(0, offset_to_bag).mul(rows).sum(1);
  return padding_idx < 0 ? out : out.masked_fill(indices.eq(padding_idx), 0);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_embedding_bag", &embedding_bag);
  m.impl("_embedding_bag_forward_only", &embedding_bag);
  m.impl("_embedding_bag_backward", &at::native::_embedding_bag_backward_symint);
  m.impl("_embedding_bag_dense_backward", &dense_backward);
  m.impl("_embedding_bag_per_sample_weights_backward", &per_sample_weights_backward);
}

}  // namespace at_npu
