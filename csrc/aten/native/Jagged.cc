#include <ATen/ops/arange.h>
#include <ATen/ops/searchsorted.h>
#include <torch/library.h>

#include "csrc/aten/Outputs.h"

// Jagged tensors (torch.nested with layout=torch.jagged): sequences one after the other, whose
// `offsets` say where each begins, to and from a padded tensor.
namespace at_npu {
namespace {

const at::Tensor& only(at::TensorList offsets) {
  TORCH_CHECK_NOT_IMPLEMENTED(offsets.size() == 1,
                              "jagged tensors on npu have one jagged dimension, not ",
                              offsets.size(), "; pad the others.");
  return offsets[0];
}

at::Tensor as_rows(const at::Tensor& mask, const at::Tensor& like) {
  at::DimVector sizes(mask.sizes());
  sizes.resize(like.dim(), 1);
  return mask.view(sizes);
}

// [total, …] -> [batch, max_length, …]
at::Tensor to_padded(const at::Tensor& values, at::TensorList offsets, at::IntArrayRef max_lengths,
                     double padding) {
  const at::Tensor& bounds = only(offsets);
  const int64_t batch = bounds.size(0) - 1, longest = max_lengths[0];
  at::DimVector sizes(values.sizes());
  sizes[0] = longest;
  sizes.insert(sizes.begin(), batch);
  if (values.size(0) == 0) return new_like(values, sizes).fill_(padding);
  const at::Tensor begin = bounds.slice(0, 0, batch).unsqueeze(1);
  const at::Tensor row = begin.add(at::arange(longest, bounds.options()));
  const at::Tensor inside = row.lt(bounds.slice(0, 1).unsqueeze(1));
  const at::Tensor index = row.clamp_max(values.size(0) - 1).flatten();
  const at::Tensor padded = values.index_select(0, index).view(sizes);
  return padded.masked_fill_(as_rows(inside.logical_not(), padded), padding);
}

// [batch, max_length, …] -> [total, …]; zeros where a sequence is longer than max_length.
at::Tensor to_jagged(const at::Tensor& dense, at::TensorList offsets,
                     std::optional<int64_t> total) {
  const at::Tensor& bounds = only(offsets);
  const int64_t count = total.has_value() ? *total : bounds.select(0, -1).item<int64_t>();
  at::DimVector sizes(dense.sizes().slice(1));
  sizes[0] = count;
  if (count == 0 || dense.numel() == 0) return new_like(dense, sizes).zero_();
  const at::Tensor row = at::arange(count, bounds.options());
  const at::Tensor sequence = at::searchsorted(bounds, row, false, /*right=*/true).sub(1);
  const at::Tensor place = row.sub(bounds.index_select(0, sequence));
  const int64_t longest = dense.size(1);
  const at::Tensor index = sequence.mul(longest).add(place.clamp_max(longest - 1));
  const at::Tensor values = dense.flatten(0, 1).index_select(0, index);
  return values.masked_fill_(as_rows(place.ge(longest), values), 0);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_jagged_to_padded_dense_forward", &to_padded);
  m.impl("_padded_dense_to_jagged_forward", &to_jagged);
}

}  // namespace at_npu
