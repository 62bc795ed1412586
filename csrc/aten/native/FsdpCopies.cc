#include <ATen/WrapDimUtils.h>
#include <ATen/ops/_chunk_cat_native.h>
#include <ATen/ops/split_with_sizes_copy_native.h>
#include <torch/library.h>

#include <algorithm>
#include <numeric>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/indexing.h"
#include "csrc/core/NPUGuard.h"

// How FSDP packs gradients and unpacks parameters: one call each for what PyTorch composes of many.
namespace at_npu {
namespace {

bool all_of(at::TensorList tensors, const at::Tensor& like) {
  return std::all_of(tensors.begin(), tensors.end(), [&](const at::Tensor& tensor) {
    return tensor.is_privateuseone() && tensor.scalar_type() == like.scalar_type() &&
           tensor.numel() != 0;
  });
}

// [chunks, …] where each tensor's dimension `dim`, padded with zeros, is cut into equal chunks.
// The function takes floating-point tensors that are alike before `dim`.
std::optional<Spec> one_chunk_cat(at::TensorList tensors, int64_t dim, int64_t chunks) {
  if (tensors.empty() || chunks < 1 || dim < 0) return std::nullopt;
  const at::Tensor& first = tensors[0];
  const at::ScalarType dtype = first.scalar_type();
  if (dtype != at::kFloat && dtype != at::kHalf && dtype != at::kBFloat16) return std::nullopt;
  if (dim >= first.dim() || !all_of(tensors, first)) return std::nullopt;
  const at::IntArrayRef before = first.sizes().slice(0, dim);
  int64_t columns = 0;
  for (const at::Tensor& tensor : tensors) {
    if (tensor.dim() <= dim || tensor.sizes().slice(0, dim) != before) return std::nullopt;
    const int64_t rows = (tensor.size(dim) + chunks - 1) / chunks;
    columns += rows * c10::multiply_integers(tensor.sizes().slice(dim + 1));
  }
  Spec spec = sized(first, before);
  spec.sizes.push_back(chunks);
  spec.sizes.push_back(columns);
  return spec;
}

at::Tensor chunk_cat(at::TensorList tensors, int64_t dim, int64_t chunks) {
  const std::optional<Spec> spec = one_chunk_cat(tensors, dim, chunks);
  if (!spec) return at::native::_chunk_cat(tensors, dim, chunks);
  const c10_npu::NPUGuard guard(tensors[0].device());
  const at::Tensor out = make(*spec);
  ACLNN_CALL(aclnnChunkCat, tensors, dim, chunks, out);
  return out;
}

at::Tensor& chunk_cat_out(at::TensorList tensors, int64_t dim, int64_t chunks, at::Tensor& out) {
  const std::optional<Spec> spec = one_chunk_cat(tensors, dim, chunks);
  if (!spec) return at::native::_chunk_cat_out(tensors, dim, chunks, out);
  const c10_npu::NPUGuard guard(tensors[0].device());
  if (out.scalar_type() != spec->dtype) return copy_out(chunk_cat(tensors, dim, chunks), out);
  ACLNN_CALL(aclnnChunkCat, tensors, dim, chunks, fit(out, *spec));
  return out;
}

void split_with_sizes_copy_out(const at::Tensor& self, at::IntArrayRef sizes, int64_t dim,
                               at::TensorList out) {
  const int64_t wrapped = at::maybe_wrap_dim(dim, self.dim());
  bool fits = out.size() == sizes.size() && !out.empty() && all_of(out, self) &&
              std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) == self.size(wrapped);
  for (size_t i = 0; fits && i < out.size(); ++i) {
    at::DimVector expected(self.sizes());
    expected[wrapped] = sizes[i];
    fits = out[i].sizes() == at::IntArrayRef(expected);
  }
  if (!fits) return at::native::split_with_sizes_copy_out(self, sizes, dim, out);
  const c10_npu::NPUGuard guard(self.device());
  ACLNN_CALL(aclnnSplitWithSize, self, sizes, wrapped, out);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_chunk_cat", &chunk_cat);
  m.impl("_chunk_cat.out", &chunk_cat_out);
  m.impl("split_with_sizes_copy.out", &split_with_sizes_copy_out);
}

}  // namespace at_npu
