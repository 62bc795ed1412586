#include "emulator/ops/functions/sorting.h"

#include <ATen/ops/_unique2.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/histc.h>
#include <ATen/ops/isin.h>
#include <ATen/ops/kthvalue.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/topk.h>

#include "emulator/ops/emulate.h"
#include "emulator/ops/kernels/wide_unsigned.h"

namespace ascend_emulator {
namespace {

// ATen's isin knows no boolean scalars.
Scalar number(const Scalar& scalar) {
  return scalar.isBoolean() ? Scalar(scalar.to<int64_t>()) : scalar;
}

}  // namespace

EMULATE(aclnnSort,
        [](Tensor self, bool stable, int64_t dim, bool descending, Tensor values, Tensor indices) {
          at::sort_out(values, indices, self, stable, dim, descending);
        })
EMULATE(aclnnTopk,
        [](Tensor self, int64_t k, int64_t dim, bool largest, bool sorted, Tensor values,
           Tensor indices) { at::topk_out(values, indices, self, k, dim, largest, sorted); })
EMULATE(aclnnArgsort, [](Tensor self, int64_t dim, bool descending, Tensor out) {
  out.copy_(at::argsort(self, dim, descending));
})
EMULATE(aclnnKthvalue,
        [](Tensor self, int64_t k, int64_t dim, bool keep, Tensor values, Tensor indices) {
          const auto [value, position] = at::kthvalue(same_order(self), k, dim, keep);
          store_ordered(values, value);
          indices.copy_(position);
        })
EMULATE(aclnnSearchSorted, [](Tensor sequence, Tensor self, bool int32, bool right,
                              OptionalTensor sorter, Tensor out) {
  at::searchsorted_out(out, sequence, self, int32, right, std::nullopt, sorter);
})

// What was not asked for is left as it is.
EMULATE(aclnnUnique, [](Tensor self, bool sorted, bool with_inverse, DynamicTensor values,
                        OptionalTensor inverse) {
  const auto [unique, positions, counts] = at::_unique2(self, sorted, with_inverse, false);
  values.set(unique);
  if (with_inverse && inverse) inverse->copy_(positions);
})
EMULATE(aclnnUnique2, [](Tensor self, bool sorted, bool with_inverse, bool with_counts,
                         DynamicTensor values, OptionalTensor inverse, DynamicTensor counts) {
  const auto [unique, positions, numbers] = at::_unique2(self, sorted, with_inverse, with_counts);
  values.set(unique);
  if (with_inverse && inverse) inverse->copy_(positions);
  if (with_counts) counts.set(numbers);
})

// The caller has sized `out` for the largest number.
EMULATE(aclnnBincount, [](Tensor self, OptionalTensor weights, int64_t minimum, Tensor out) {
  const bool weighted = weights && weights->numel() != 0;
  out.copy_(at::bincount(self, weighted ? weights : std::nullopt, minimum));
})
EMULATE(aclnnHistc, [](Tensor self, int64_t bins, Scalar low, Scalar high, Tensor out) {
  out.copy_(at::histc(self.to(at::kDouble), bins, low, high));
})
EMULATE(aclnnIsInTensorScalar, broadcast,
        [](Tensor elements, Scalar test, bool unique, bool invert, Tensor out) {
          at::isin_out(out, elements, number(test), unique, invert);
        })
EMULATE(aclnnIsInScalarTensor,
        [](Scalar element, Tensor tests, bool unique, bool invert, Tensor out) {
          at::isin_out(out, number(element), tests, unique, invert);
        })

}  // namespace ascend_emulator
