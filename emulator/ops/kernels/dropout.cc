#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>

#include "emulator/ops/emulate.h"
#include "emulator/ops/functions/random.h"
#include "emulator/ops/kernels/bits.h"
#include "emulator/ops/kernels/random.h"

// Masks hold a bit for each element, 1 where it is kept, padded to 128 bits. Probabilities are
// those of dropping an element.
namespace ascend_emulator {
namespace {

double keep_scale(double drop) { return drop < 1 ? 1 / (1 - drop) : 0; }

void generate(int64_t count, double drop, const at::Generator& generator, Tensor& mask) {
  const Tensor kept = at::empty({count}, at::kBool).bernoulli_(1 - drop, generator);
  mask.copy_(pack_bits(kept, mask.numel()).reshape(mask.sizes()));
}

void apply(const Tensor& self, const Tensor& mask, double scale, Tensor& out) {
  const Tensor kept = unpack_bits(mask.flatten(), self.numel()).reshape(self.sizes());
  out.copy_(at::mul(self, scale).masked_fill_(kept.logical_not(), 0));
}

}  // namespace

EMULATE(aclnnDropout, [](Tensor self, double drop, bool train, int64_t seed, int64_t offset,
                         Tensor out, Tensor mask) {
  generate(self.numel(), train ? drop : 0, generator(seed, offset), mask);
  apply(self, mask, train ? keep_scale(drop) : 1, out);
})
EMULATE(aclnnDropoutBackward,
        [](Tensor grad, Tensor mask, double scale, Tensor out) { apply(grad, mask, scale, out); })
EMULATE(aclnnDropoutGenMask,
        [](IntArray shape, double drop, int64_t seed, int64_t offset, Tensor mask) {
          generate(c10::multiply_integers(shape), drop, generator(seed, offset), mask);
        })
EMULATE(aclnnDropoutGenMaskV2,
        [](IntArray shape, double drop, int64_t seed, int64_t offset, ScalarType, Tensor mask) {
          generate(c10::multiply_integers(shape), drop, generator(seed, offset), mask);
        })
EMULATE(aclnnDropoutGenMaskV2Tensor, [](IntArray shape, double drop, Tensor seed, Tensor offset,
                                        int64_t extra, ScalarType, Tensor mask) {
  generate(c10::multiply_integers(shape), drop, generator(seed, offset, extra), mask);
})
EMULATE(aclnnDropoutDoMask, [](Tensor self, Tensor mask, double drop, Tensor out) {
  apply(self, mask, keep_scale(drop), out);
})

}  // namespace ascend_emulator
