#include <ATen/MemoryOverlap.h>
#include <torch/library.h>

#include <algorithm>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/indexing.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

at::Tensor& index_put(at::Tensor& self, const c10::List<std::optional<at::Tensor>>& indices,
                      const at::Tensor& values, bool accumulate, bool unsafe) {
  TORCH_CHECK_INDEX(static_cast<int64_t>(indices.size()) <= self.dim(),
                    "too many indices for tensor of dimension ", self.dim(), " (got ",
                    indices.size(), ")");
  TORCH_CHECK(self.scalar_type() == values.scalar_type(),
              "Index put requires the source and destination dtypes match, got ",
              self.scalar_type(), " for the destination and ", values.scalar_type(),
              " for the source.");
  if (values.device() == self.device()) at::assert_no_overlap(self, values);
  const c10_npu::NPUGuard guard(self.device());
  const std::vector<at::Tensor> expanded = expanded_indices(self, indices);
  // To aclnn an empty index tensor means an absent one. With a truly empty one nothing is written.
  const bool selects_nothing = std::any_of(indices.begin(), indices.end(), [](const auto& index) {
    const std::optional<at::Tensor> tensor = index;
    return tensor.has_value() && tensor->defined() && tensor->numel() == 0;
  });
  const bool masks_nothing = std::all_of(expanded.begin(), expanded.end(),
                                         [](const at::Tensor& t) { return t.numel() == 0; });
  if (self.numel() == 0 || selects_nothing || masks_nothing) return self;
  ACLNN_CALL(aclnnIndexPutImpl, self, expanded, on_device(values, self), accumulate, unsafe);
  return self;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) { m.impl("_index_put_impl_", &index_put); }

}  // namespace at_npu
