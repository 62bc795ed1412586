#include <ATen/native/BucketizationUtils.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/sorting.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using Side = std::optional<std::string_view>;

at::Tensor& search_out(const at::Tensor& sequence, const at::Tensor& self, bool out_int32,
                       bool right, Side side, const std::optional<at::Tensor>& sorter,
                       at::Tensor& out) {
  at::native::searchsorted_pre_check(sequence, self, out, out_int32, right, side,
                                     sorter.value_or(at::Tensor()));
  const c10_npu::NPUGuard guard(self.device());
  fit(out, sized(self, self.sizes(), out_int32 ? at::kInt : at::kLong));
  if (out.numel() == 0) return out;
  if (sequence.numel() == 0) return out.zero_();
  const at::ScalarType dtype = at::result_type(sequence, self);
  const at::Tensor sorted = without_bfloat16(sequence.to(dtype));
  const at::Tensor wanted = without_bfloat16(self.to(dtype));
  const bool from_right = right || (side.has_value() && *side == "right");
  ACLNN_CALL(aclnnSearchSorted, sorted, wanted, out_int32, from_right, sorter, out);
  return out;
}

at::Tensor search(const at::Tensor& sequence, const at::Tensor& self, bool out_int32, bool right,
                  Side side, const std::optional<at::Tensor>& sorter) {
  at::Tensor out = empty({0}, out_int32 ? at::kInt : at::kLong, self.device());
  return search_out(sequence, self, out_int32, right, side, sorter, out);
}

at::Tensor search_scalar(const at::Tensor& sequence, const at::Scalar& self, bool out_int32,
                         bool right, Side side, const std::optional<at::Tensor>& sorter) {
  return search(sequence, at::native::searchsorted_scalar_tensor(self, sequence.device()),
                out_int32, right, side, sorter);
}

at::Tensor& search_scalar_out(const at::Tensor& sequence, const at::Scalar& self, bool out_int32,
                              bool right, Side side, const std::optional<at::Tensor>& sorter,
                              at::Tensor& out) {
  return search_out(sequence, at::native::searchsorted_scalar_tensor(self, sequence.device()),
                    out_int32, right, side, sorter, out);
}

void check_boundaries(const at::Tensor& boundaries) {
  TORCH_CHECK(boundaries.dim() == 1, "boundaries tensor must be 1 dimension, but got dim(",
              boundaries.dim(), ")");
}

at::Tensor& bucketize_out(const at::Tensor& self, const at::Tensor& boundaries, bool out_int32,
                          bool right, at::Tensor& out) {
  check_boundaries(boundaries);
  return search_out(boundaries, self, out_int32, right, std::nullopt, std::nullopt, out);
}

at::Tensor bucketize(const at::Tensor& self, const at::Tensor& boundaries, bool out_int32,
                     bool right) {
  check_boundaries(boundaries);
  return search(boundaries, self, out_int32, right, std::nullopt, std::nullopt);
}

at::Tensor bucketize_scalar(const at::Scalar& self, const at::Tensor& boundaries, bool out_int32,
                            bool right) {
  check_boundaries(boundaries);
  return search_scalar(boundaries, self, out_int32, right, std::nullopt, std::nullopt);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("searchsorted.Tensor", &search);
  m.impl("searchsorted.Tensor_out", &search_out);
  m.impl("searchsorted.Scalar", &search_scalar);
  m.impl("searchsorted.Scalar_out", &search_scalar_out);
  m.impl("bucketize.Tensor", &bucketize);
  m.impl("bucketize.Tensor_out", &bucketize_out);
  m.impl("bucketize.Scalar", &bucketize_scalar);
}

}  // namespace at_npu
