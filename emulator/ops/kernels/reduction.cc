#include "emulator/ops/functions/reduction.h"

#include <ATen/ops/all.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/any.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/argmin.h>
#include <ATen/ops/cummax.h>
#include <ATen/ops/cummin.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/max.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/median.h>
#include <ATen/ops/min.h>
#include <ATen/ops/nanmedian.h>
#include <ATen/ops/nansum.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/std.h>
#include <ATen/ops/std_mean.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/var.h>
#include <ATen/ops/var_mean.h>

#include <numeric>

#include "emulator/ops/emulate.h"
#include "emulator/ops/kernels/wide_unsigned.h"

namespace ascend_emulator {
namespace {

// No dimensions mean all of them.
std::vector<int64_t> dims_or_all(OptionalIntArray dims, const Tensor& self) {
  if (dims && !dims->empty()) return dims->vec();
  std::vector<int64_t> all(self.dim());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// ATen has no mean that is an integer.
void mean(Tensor& out, const Tensor& self, OptionalIntArray dims, bool keep) {
  if (c10::isIntegralType(out.scalar_type(), /*includeBool=*/false)) {
    out.copy_(at::mean(self, dims_or_all(dims, self), keep, at::kDouble));
  } else {
    at::mean_out(out, self, dims_or_all(dims, self), keep, out.scalar_type());
  }
}

}  // namespace

// Sums and means accumulate and return in the output's type, whatever `dtype` repeats of it.
EMULATE(aclnnReduceSum, reduction,
        [](Tensor self, OptionalIntArray dims, bool keep, ScalarType, Tensor out) {
          at::sum_out(out, self, dims_or_all(dims, self), keep, out.scalar_type());
        })
EMULATE(aclnnReduceNansum, reduction,
        [](Tensor self, OptionalIntArray dims, bool keep, ScalarType, Tensor out) {
          at::nansum_out(out, self, dims_or_all(dims, self), keep, out.scalar_type());
        })
EMULATE(aclnnMean, reduction,
        [](Tensor self, OptionalIntArray dims, bool keep, ScalarType, Tensor out) {
          mean(out, self, dims, keep);
        })
EMULATE(aclnnMeanV2,
        [](Tensor self, OptionalIntArray dims, bool keep, bool noop_without_dims, Tensor out) {
          if (noop_without_dims && (!dims || dims->empty())) {
            out.copy_(self);
          } else {
            mean(out, self, dims, keep);
          }
        })

EMULATE(aclnnAmax, reduction, [](Tensor self, OptionalIntArray dims, bool keep, Tensor out) {
  at::amax_out(out, self, dims_or_all(dims, self), keep);
})
EMULATE(aclnnAmin, reduction, [](Tensor self, OptionalIntArray dims, bool keep, Tensor out) {
  at::amin_out(out, self, dims_or_all(dims, self), keep);
})
EMULATE(aclnnMax, reduction, [](Tensor self, Tensor out) { out.copy_(at::max(self)); })
EMULATE(aclnnMin, reduction, [](Tensor self, Tensor out) { out.copy_(at::min(self)); })
EMULATE(aclnnMedian, reduction, [](Tensor self, Tensor out) { out.copy_(at::median(self)); })

EMULATE(aclnnMaxDim, reduction,
        [](Tensor self, int64_t dim, bool keep, Tensor out, Tensor indices) {
          const auto [values, positions] = at::max(self, dim, keep);
          out.copy_(values);
          indices.copy_(positions);
        })
EMULATE(aclnnMinDim, reduction,
        [](Tensor self, int64_t dim, bool keep, Tensor out, Tensor indices) {
          const auto [values, positions] = at::min(self, dim, keep);
          out.copy_(values);
          indices.copy_(positions);
        })
EMULATE(aclnnArgMax, reduction, [](Tensor self, int64_t dim, bool keep, Tensor out) {
  out.copy_(at::argmax(self, dim, keep));
})
EMULATE(aclnnArgMin, reduction, [](Tensor self, int64_t dim, bool keep, Tensor out) {
  out.copy_(at::argmin(self, dim, keep));
})

EMULATE(aclnnAll, reduction, [](Tensor self, OptionalIntArray dims, bool keep, Tensor out) {
  out.copy_(at::all(self, dims_or_all(dims, self), keep));
})
EMULATE(aclnnAny, reduction, [](Tensor self, OptionalIntArray dims, bool keep, Tensor out) {
  out.copy_(at::any(self, dims_or_all(dims, self), keep));
})
EMULATE(aclnnProd, reduction,
        [](Tensor self, ScalarType, Tensor out) { out.copy_(at::prod(self, out.scalar_type())); })
EMULATE(aclnnProdDim, reduction, [](Tensor self, int64_t dim, bool keep, ScalarType, Tensor out) {
  at::prod_out(out, self, dim, keep, out.scalar_type());
})

EMULATE(aclnnNorm, reduction,
        [](Tensor self, OptionalScalar p, OptionalIntArray dims, bool keep, Tensor out) {
          out.copy_(at::linalg_vector_norm(self, p.value_or(2), dims_or_all(dims, self), keep));
        })
EMULATE(aclnnLinalgVectorNorm, reduction,
        [](Tensor self, Scalar order, OptionalIntArray dims, bool keep, ScalarType, Tensor out) {
          at::linalg_vector_norm_out(out, self, order, dims_or_all(dims, self), keep,
                                     out.scalar_type());
        })
EMULATE(aclnnStd, reduction,
        [](Tensor self, OptionalIntArray dims, int64_t correction, bool keep, Tensor out) {
          at::std_out(out, self, dims_or_all(dims, self), Scalar(correction), keep);
        })
EMULATE(aclnnVar, reduction,
        [](Tensor self, OptionalIntArray dims, bool unbiased, bool keep, Tensor out) {
          at::var_out(out, self, dims_or_all(dims, self), Scalar(unbiased ? 1 : 0), keep);
        })
EMULATE(aclnnVarCorrection, reduction,
        [](Tensor self, OptionalIntArray dims, int64_t correction, bool keep, Tensor out) {
          at::var_out(out, self, dims_or_all(dims, self), Scalar(correction), keep);
        })
EMULATE(aclnnVarMean, reduction,
        [](Tensor self, OptionalIntArray dims, int64_t correction, bool keep, Tensor var,
           Tensor mean) {
          at::var_mean_out(var, mean, self, dims_or_all(dims, self), Scalar(correction), keep);
        })
EMULATE(aclnnLogSumExp, reduction, [](Tensor self, OptionalIntArray dims, bool keep, Tensor out) {
  at::logsumexp_out(out, self, dims_or_all(dims, self), keep);
})

EMULATE(aclnnCumsum, [](Tensor self, int64_t dim, ScalarType, Tensor out) {
  at::cumsum_out(out, self, dim, out.scalar_type());
})
EMULATE(aclnnCumprod, [](Tensor self, Scalar dim, ScalarType, Tensor out) {
  Tensor result = same_bits(out);
  at::cumprod_out(result, same_bits(self.to(out.scalar_type())), dim.to<int64_t>(),
                  result.scalar_type());
})
EMULATE(aclnnCummax, [](Tensor self, int64_t dim, Tensor values, Tensor indices) {
  const auto [maxima, positions] = at::cummax(self, dim);
  values.copy_(maxima);
  indices.copy_(positions);
})
EMULATE(aclnnCummin, [](Tensor self, int64_t dim, Tensor values, Tensor indices) {
  const auto [minima, positions] = at::cummin(self, dim);
  values.copy_(minima);
  indices.copy_(positions);
})

EMULATE(aclnnAminmax,
        [](Tensor self, OptionalIntArray dims, bool keep, Tensor minimum, Tensor maximum) {
          minimum.copy_(at::amin(self, dims_or_all(dims, self), keep));
          maximum.copy_(at::amax(self, dims_or_all(dims, self), keep));
        })
EMULATE(aclnnAminmaxAll, [](Tensor self, Tensor minimum, Tensor maximum) {
  minimum.copy_(at::min(self));
  maximum.copy_(at::max(self));
})
EMULATE(aclnnAminmaxDim, [](Tensor self, int64_t dim, bool keep, Tensor minimum, Tensor maximum) {
  minimum.copy_(at::amin(self, dim, keep));
  maximum.copy_(at::amax(self, dim, keep));
})
EMULATE(aclnnNanMedian, reduction, [](Tensor self, Tensor out) { out.copy_(at::nanmedian(self)); })

#define EMULATE_MEDIAN_DIM(function, op)                                        \
  EMULATE(function, reduction,                                                  \
          [](Tensor self, int64_t dim, bool keep, Tensor out, Tensor indices) { \
            const auto [values, positions] = at::op(self, dim, keep);           \
            out.copy_(values);                                                  \
            indices.copy_(positions);                                           \
          })

EMULATE_MEDIAN_DIM(aclnnMedianDim, median)
EMULATE_MEDIAN_DIM(aclnnNanMedianDim, nanmedian)

EMULATE(aclnnStdMeanCorrection, reduction,
        [](Tensor self, OptionalIntArray dims, int64_t correction, bool keep, Tensor std,
           Tensor mean) {
          at::std_mean_out(std, mean, self, dims_or_all(dims, self), Scalar(correction), keep);
        })
EMULATE(aclnnTrace, [](Tensor self, Tensor out) { out.copy_(self.diagonal().sum()); })

}  // namespace ascend_emulator
