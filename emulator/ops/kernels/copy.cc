#include "emulator/ops/functions/copy.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/logspace.h>
#include <ATen/ops/range.h>

#include "emulator/ops/emulate.h"

namespace ascend_emulator {

EMULATE(aclnnInplaceCopy, broadcast, [](Tensor self, Tensor source) { self.copy_(source); })
EMULATE(aclnnCast, broadcast, [](Tensor self, ScalarType, Tensor out) { out.copy_(self); })
EMULATE(aclnnInplaceFillScalar, [](Tensor self, Scalar value) { self.fill_(value); })
EMULATE(aclnnInplaceFillTensor, [](Tensor self, Tensor value) { self.fill_(value.squeeze()); })
EMULATE(aclnnInplaceOne, [](Tensor self) { self.fill_(1); })

// Unlike ATen's out= forms these must not choose the output's length.
EMULATE(aclnnArange, [](Scalar start, Scalar end, Scalar step, Tensor out) {
  out.copy_(at::arange(start, end, step, out.scalar_type()));
})
EMULATE(aclnnRange, [](Scalar start, Scalar end, Scalar step, Tensor out) {
  out.copy_(at::range(start, end, step, out.scalar_type()));
})
EMULATE(aclnnLinspace, [](Scalar start, Scalar end, int64_t steps, Tensor out) {
  out.copy_(at::linspace(start, end, steps, out.scalar_type()));
})
EMULATE(aclnnEye, [](int64_t n, int64_t m, Tensor out) { out.copy_(at::eye(n, m)); })

EMULATE(aclnnLogSpace, [](Scalar start, Scalar end, int64_t steps, double base, Tensor out) {
  out.copy_(at::logspace(start, end, steps, base, at::kDouble));
})

}  // namespace ascend_emulator
