#include "emulator/ops/functions/matmul.h"

#include <ATen/ops/addbmm.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/addmv.h>
#include <ATen/ops/addr.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/outer.h>

#include "emulator/ops/emulate.h"

// cubeMathType chooses how far the hardware may round its inputs. The emulator never rounds them.
namespace ascend_emulator {

EMULATE(aclnnMm, matrix_product,
        [](Tensor self, Tensor other, Tensor out, int64_t) { at::mm_out(out, self, other); })
EMULATE(aclnnMatmul, matrix_product,
        [](Tensor self, Tensor other, Tensor out, int64_t) { at::matmul_out(out, self, other); })
EMULATE(aclnnBatchMatMul, matrix_product,
        [](Tensor self, Tensor other, Tensor out, int64_t) { at::bmm_out(out, self, other); })
EMULATE(aclnnMatmulWeightNz, matrix_product,
        [](Tensor self, Tensor other, Tensor out, int64_t) { at::matmul_out(out, self, other); })
EMULATE(aclnnBatchMatMulWeightNz, matrix_product,
        [](Tensor self, Tensor other, Tensor out, int64_t) { at::bmm_out(out, self, other); })
EMULATE(aclnnAddmmWeightNz, matrix_product,
        [](Tensor self, Tensor a, Tensor b, Scalar beta, Scalar alpha, Tensor out, int64_t) {
          const auto dtype = out.scalar_type();
          at::addmm_out(out, self.to(dtype), a.to(dtype), b.to(dtype), beta, alpha);
        })
EMULATE(aclnnAddmm, matrix_product,
        [](Tensor self, Tensor a, Tensor b, Scalar beta, Scalar alpha, Tensor out, int64_t) {
          at::addmm_out(out, self, a, b, beta, alpha);
        })
EMULATE(aclnnInplaceAddmm, matrix_product,
        [](Tensor self, Tensor a, Tensor b, Scalar beta, Scalar alpha, int64_t) {
          at::addmm_out(self, self, a, b, beta, alpha);
        })
EMULATE(aclnnBaddbmm, matrix_product,
        [](Tensor self, Tensor a, Tensor b, Scalar beta, Scalar alpha, Tensor out, int64_t) {
          at::baddbmm_out(out, self, a, b, beta, alpha);
        })
EMULATE(aclnnMv, matrix_product,
        [](Tensor self, Tensor vector, Tensor out, int64_t) { at::mv_out(out, self, vector); })
EMULATE(aclnnDot, matrix_product,
        [](Tensor self, Tensor other, Tensor out) { at::dot_out(out, self, other); })
EMULATE(aclnnAddmv, matrix_product,
        [](Tensor self, Tensor matrix, Tensor vector, Scalar alpha, Scalar beta, Tensor out,
           int64_t) {
          // Booleans are accepted, but a result of them is not.
          const ScalarType type = out.scalar_type();
          at::addmv_out(out, self.to(type), matrix.to(type), vector.to(type), beta, alpha);
        })
EMULATE(aclnnAddr,
        [](Tensor self, Tensor a, Tensor b, OptionalScalar beta, OptionalScalar alpha, Tensor out) {
          at::addr_out(out, self, a, b, beta.value_or(1), alpha.value_or(1));
        })
EMULATE(aclnnAddbmm, [](Tensor self, Tensor a, Tensor b, Scalar beta, Scalar alpha, Tensor out,
                        int64_t) { at::addbmm_out(out, self, a, b, beta, alpha); })
EMULATE(aclnnGer, [](Tensor self, Tensor other, Tensor out) { at::outer_out(out, self, other); })

}  // namespace ascend_emulator
