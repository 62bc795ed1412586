#include <ATen/MemoryOverlap.h>
#include <torch/library.h>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/aten/aclnn/copy.h"
#include "csrc/aten/aclnn/indexing.h"
#include "csrc/aten/aclnn/unary.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

// An expanded tensor repeats its elements.
bool is_repeated(const at::Tensor& tensor, int64_t dim) {
  return tensor.stride(dim) == 0 && tensor.size(dim) > 1;
}

bool repeats(const at::Tensor& tensor) {
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    if (is_repeated(tensor, dim)) return true;
  }
  return false;
}

// Each of its elements once.
at::Tensor distinct(const at::Tensor& tensor) {
  at::Tensor elements = tensor;
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    if (is_repeated(tensor, dim)) elements = elements.narrow(dim, 0, 1);
  }
  return elements;
}

// Which of distinct(tensor) the mask hits, at one of their places at least.
at::Tensor distinct_mask(const at::Tensor& mask, const at::Tensor& tensor) {
  at::Tensor hits = mask.expand(tensor.sizes());
  for (int64_t dim = 0; dim < tensor.dim(); ++dim) {
    if (is_repeated(tensor, dim)) hits = hits.any(dim, /*keepdim=*/true);
  }
  return hits;
}

at::Tensor& fill_scalar(at::Tensor& self, const at::Scalar& value) {
  check_representable(value, self.scalar_type());
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  if (C10_UNLIKELY(repeats(self))) {
    ACLNN_CALL(aclnnInplaceFillScalar, distinct(self), value);
  } else {
    ACLNN_CALL(aclnnInplaceFillScalar, self, value);
  }
  return self;
}

at::Tensor& fill_tensor(at::Tensor& self, const at::Tensor& value) {
  TORCH_CHECK(value.dim() == 0, "fill_ only supports 0-dimension value tensor but got tensor with ",
              value.dim(), " dimensions.");
  at::assert_no_internal_overlap(self);
  if (value.is_cpu()) return fill_scalar(self, value.item());
  return self.copy_(value);  // broadcasts and casts on the device
}

at::Tensor& zero(at::Tensor& self) {
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  ACLNN_CALL(aclnnInplaceZero, self);
  return self;
}

// fill(target, mask): of an expanded tensor, each element once.
template <class Fill>
at::Tensor& masked_fill(at::Tensor& self, const at::Tensor& mask, const Fill& fill) {
  check_mask("masked_fill_", mask, self);
  if (mask.device() == self.device()) at::assert_no_partial_overlap(self, mask);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  if (C10_UNLIKELY(repeats(self))) {
    TORCH_WARN_ONCE("masked_fill_ on an expanded tensor is deprecated: clone() the tensor first.");
    fill(distinct(self), distinct_mask(mask, self));
  } else {
    fill(self, mask);
  }
  return self;
}

at::Tensor& masked_fill_scalar(at::Tensor& self, const at::Tensor& mask, const at::Scalar& value) {
  check_representable(value, self.scalar_type());
  return masked_fill(self, mask, [&](const at::Tensor& target, const at::Tensor& hits) {
    ACLNN_CALL(aclnnInplaceMaskedFillScalar, target, hits, value);
  });
}

at::Tensor& masked_fill_tensor(at::Tensor& self, const at::Tensor& mask, const at::Tensor& value) {
  check_fill("masked_fill_", self, value);
  if (value.device() == self.device()) at::assert_no_partial_overlap(self, value);
  return masked_fill(self, mask, [&](const at::Tensor& target, const at::Tensor& hits) {
    ACLNN_CALL(aclnnInplaceMaskedFillTensor, target, hits, on_device(value, self));
  });
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("fill_.Scalar", &fill_scalar);
  m.impl("fill_.Tensor", &fill_tensor);
  m.impl("zero_", &zero);
  m.impl("masked_fill_.Scalar", &masked_fill_scalar);
  m.impl("masked_fill_.Tensor", &masked_fill_tensor);
}

}  // namespace at_npu
