#include <ATen/ExpandUtils.h>
#include <ATen/core/DistributionsHelper.h>
#include <ATen/native/Resize.h>
#include <torch/library.h>

#include <limits>
#include <mutex>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using OptionalGenerator = std::optional<at::Generator>;

struct Philox {
  int64_t seed, offset;
};

// Reserves the numbers that `elements` need: four 32-bit ones per element suit every distribution.
Philox reserve(const OptionalGenerator& given, const at::Tensor& self, int64_t elements) {
  TORCH_CHECK(!given.has_value() || !given->defined() || given->device() == self.device(),
              "Expected a generator of device ", self.device(), ", but got one of device ",
              given.has_value() ? given->device() : self.device(), ".");
  auto* generator = at::get_generator_or_default<c10_npu::NPUGeneratorImpl>(
      given, c10_npu::detail::getDefaultNPUGenerator(self.device().index()));
  const std::lock_guard<std::mutex> lock(generator->mutex_);
  const auto [seed, offset] = generator->philox_engine_inputs(static_cast<uint64_t>(elements) * 4);
  return {static_cast<int64_t>(seed), static_cast<int64_t>(offset)};
}

Philox reserve(const OptionalGenerator& given, const at::Tensor& self) {
  return reserve(given, self, self.numel());
}

at::Tensor& normal_(at::Tensor& self, double mean, double std, OptionalGenerator generator) {
  TORCH_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  TORCH_CHECK(!self.is_complex(), "normal_ is not implemented for complex tensors on npu");
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  const Philox philox = reserve(generator, self);
  ACLNN_CALL(aclnnInplaceNormal, self, mean, std, philox.seed, philox.offset);
  return self;
}

at::Tensor& uniform_(at::Tensor& self, double from, double to, OptionalGenerator generator) {
  TORCH_CHECK(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from,
              " > to=", to);
  TORCH_CHECK(self.is_floating_point(), "uniform_ needs a floating-point tensor, not ",
              self.scalar_type());
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  const Philox philox = reserve(generator, self);
  ACLNN_CALL(aclnnInplaceUniform, self, from, to, philox.seed, philox.offset);
  return self;
}

at::Tensor& bernoulli_float(at::Tensor& self, double p, OptionalGenerator generator) {
  TORCH_CHECK(0 <= p && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  const Philox philox = reserve(generator, self);
  ACLNN_CALL(aclnnInplaceBernoulli, self, at::Scalar(p), philox.seed, philox.offset);
  return self;
}

at::Tensor& bernoulli_tensor(at::Tensor& self, const at::Tensor& p, OptionalGenerator generator) {
  TORCH_CHECK(p.is_floating_point(), "expected probabilities tensor to have floating type, got ",
              p.scalar_type());
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  const Philox philox = reserve(generator, self);
  const at::Tensor probabilities = at::expand_inplace(self, p, "bernoulli_")->contiguous();
  ACLNN_CALL(aclnnInplaceBernoulliTensor, self, probabilities, philox.seed, philox.offset);
  return self;
}

at::Tensor& bernoulli_out(const at::Tensor& self, OptionalGenerator generator, at::Tensor& out) {
  at::native::resize_output(out, self.sizes());
  check_overlap(out, self);
  return bernoulli_tensor(out, self, std::move(generator));
}

// The integers that the dtype holds exactly: random_() draws from them.
int64_t exact_limit(at::ScalarType dtype) {
  switch (dtype) {
    case at::kBool:
      return 2;
    case at::kByte:
      return 256;
    case at::kChar:
      return 128;
    case at::kShort:
      return 32768;
    case at::kInt:
      return int64_t{1} << 31;
    case at::kHalf:
      return (int64_t{1} << 11) + 1;
    case at::kBFloat16:
      return (int64_t{1} << 8) + 1;
    case at::kFloat:
      return (int64_t{1} << 24) + 1;
    case at::kDouble:
      return (int64_t{1} << 53) + 1;
    default:
      return std::numeric_limits<int64_t>::max();
  }
}

at::Tensor& random_range(at::Tensor& self, int64_t from, int64_t to,
                         const OptionalGenerator& generator) {
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  const Philox philox = reserve(generator, self);
  ACLNN_CALL(aclnnInplaceRandom, self, from, to, philox.seed, philox.offset);
  return self;
}

at::Tensor& random_(at::Tensor& self, OptionalGenerator generator) {
  return random_range(self, 0, exact_limit(self.scalar_type()), generator);
}

at::Tensor& random_from(at::Tensor& self, int64_t from, std::optional<int64_t> to,
                        OptionalGenerator generator) {
  const int64_t end = to.value_or(exact_limit(self.scalar_type()));
  TORCH_CHECK(from < end, "random_ expects 'from' to be less than 'to', but got from=", from,
              " >= to=", end);
  return random_range(self, from, end, generator);
}

at::Tensor& random_to(at::Tensor& self, int64_t to, OptionalGenerator generator) {
  return random_from(self, 0, to, std::move(generator));
}

at::Tensor& randperm_out(int64_t n, OptionalGenerator generator, at::Tensor& out) {
  TORCH_CHECK(n >= 0, "n must be non-negative, got", n);
  TORCH_CHECK(n <= exact_limit(out.scalar_type()), "n is too large for result tensor type: '",
              out.scalar_type(), "'");
  out.resize_({n});
  if (n == 0) return out;
  const c10_npu::NPUGuard guard(out.device());
  const Philox philox = reserve(generator, out);
  ACLNN_CALL(aclnnRandperm, n, philox.seed, philox.offset, out);
  return out;
}

at::Tensor& randperm(int64_t n, at::Tensor& out) { return randperm_out(n, std::nullopt, out); }

at::Tensor& multinomial_out(const at::Tensor& self, int64_t samples, bool replacement,
                            OptionalGenerator generator, at::Tensor& out) {
  TORCH_CHECK(self.dim() == 1 || self.dim() == 2, "prob_dist must be 1 or 2 dim");
  TORCH_CHECK(self.is_floating_point(),
              "multinomial only supports floating-point dtypes for "
              "input, got: ",
              self.scalar_type());
  TORCH_CHECK(out.scalar_type() == at::kLong,
              "multinomial expects Long tensor out, got: ", out.scalar_type());
  TORCH_CHECK(self.size(-1) <= exact_limit(at::kFloat) - 1,
              "number of categories cannot exceed 2^24");
  TORCH_CHECK(samples > 0, "cannot sample n_sample <= 0 samples");
  TORCH_CHECK(replacement || samples <= self.size(-1),
              "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  const c10_npu::NPUGuard guard(self.device());
  Sizes sizes(self.sizes().begin(), self.sizes().end());
  sizes.back() = samples;
  fit(out, sized(self, sizes, at::kLong));
  const Philox philox = reserve(generator, self);
  ACLNN_CALL(aclnnMultinomial, self, samples, replacement, philox.seed, philox.offset, out);
  return out;
}

at::Tensor multinomial(const at::Tensor& self, int64_t samples, bool replacement,
                       OptionalGenerator generator) {
  at::Tensor out = empty({0}, at::kLong, self.device());
  return multinomial_out(self, samples, replacement, std::move(generator), out);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("normal_", &normal_);
  m.impl("uniform_", &uniform_);
  m.impl("bernoulli_.float", &bernoulli_float);
  m.impl("bernoulli_.Tensor", &bernoulli_tensor);
  m.impl("bernoulli.out", &bernoulli_out);
  m.impl("random_", &random_);
  m.impl("random_.from", &random_from);
  m.impl("random_.to", &random_to);
  m.impl("randperm.generator_out", &randperm_out);
  m.impl("randperm.out", &randperm);
  m.impl("multinomial", &multinomial);
  m.impl("multinomial.out", &multinomial_out);
}

}  // namespace at_npu
