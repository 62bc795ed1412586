#include "emulator/ops/kernels/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/bernoulli.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/randperm.h>

#include "emulator/ops/emulate.h"
#include "emulator/ops/functions/random.h"

namespace ascend_emulator {
namespace {

// Fills integers, for which ATen has no distribution, by truncating.
template <class Fill>
void fill_random(Tensor& self, Fill fill) {
  if (self.is_floating_point()) {
    fill(self);
  } else {
    Tensor values = at::empty(self.sizes(), at::kFloat);
    fill(values);
    self.copy_(values);
  }
}

void fill_normal(Tensor& self, double mean, double std, const at::Generator& numbers) {
  fill_random(self, [&](Tensor& values) { values.normal_(mean, std, numbers); });
}

void fill_uniform(Tensor& self, double from, double to, const at::Generator& numbers) {
  fill_random(self, [&](Tensor& values) { values.uniform_(from, to, numbers); });
}

void fill_integers(Tensor& self, int64_t from, int64_t to, const at::Generator& numbers) {
  if (self.is_complex()) {
    Tensor values = at::empty(self.sizes(), at::kDouble);
    self.copy_(values.random_(from, to, numbers));
  } else {
    self.random_(from, to, numbers);
  }
}

}  // namespace

at::Generator generator(int64_t seed, int64_t offset) {
  // Mixed, so that neighbouring offsets give unrelated numbers (constants of splitmix64).
  uint64_t state = static_cast<uint64_t>(seed) + 0x9e3779b97f4a7c15 * (uint64_t(offset) + 1);
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return at::detail::createCPUGenerator(state ^ (state >> 31));
}

at::Generator generator(const Tensor& seed, const Tensor& offset, int64_t extra) {
  // Unsigned ones are taken bit by bit.
  const auto number = [](const Tensor& tensor) { return tensor.view(at::kLong).item<int64_t>(); };
  return generator(number(seed), number(offset) + extra);
}

EMULATE(aclnnInplaceNormal, [](Tensor self, double mean, double std, int64_t seed, int64_t offset) {
  fill_normal(self, mean, std, generator(seed, offset));
})
EMULATE(aclnnInplaceNormalTensor,
        [](Tensor self, double mean, double std, Tensor seed, Tensor offset, int64_t extra) {
          fill_normal(self, mean, std, generator(seed, offset, extra));
        })
EMULATE(aclnnInplaceUniform, [](Tensor self, double from, double to, int64_t seed, int64_t offset) {
  fill_uniform(self, from, to, generator(seed, offset));
})
EMULATE(aclnnInplaceUniformTensor,
        [](Tensor self, double from, double to, Tensor seed, Tensor offset, int64_t extra) {
          fill_uniform(self, from, to, generator(seed, offset, extra));
        })
EMULATE(aclnnInplaceBernoulli, [](Tensor self, Scalar probability, int64_t seed, int64_t offset) {
  self.bernoulli_(probability.toDouble(), generator(seed, offset));
})
EMULATE(aclnnInplaceBernoulliTensor,
        [](Tensor self, Tensor probability, int64_t seed, int64_t offset) {
          self.bernoulli_(probability, generator(seed, offset));
        })
EMULATE(aclnnInplaceRandom,
        [](Tensor self, int64_t from, int64_t to, int64_t seed, int64_t offset) {
          fill_integers(self, from, to, generator(seed, offset));
        })
EMULATE(aclnnInplaceRandomTensor,
        [](Tensor self, int64_t from, int64_t to, Tensor seed, Tensor offset, int64_t extra) {
          fill_integers(self, from, to, generator(seed, offset, extra));
        })
EMULATE(aclnnRandperm, [](int64_t n, int64_t seed, int64_t offset, Tensor out) {
  out.copy_(at::randperm(n, generator(seed, offset), at::kLong));
})
EMULATE(aclnnMultinomial, [](Tensor self, int64_t samples, bool replacement, int64_t seed,
                             int64_t offset, Tensor out) {
  out.copy_(at::multinomial(self, samples, replacement, generator(seed, offset)));
})

}  // namespace ascend_emulator
