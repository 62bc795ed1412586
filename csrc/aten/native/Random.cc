#include "csrc/aten/aclnn/random.h"

#include <ATen/ExpandUtils.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/core/DistributionsHelper.h>
#include <ATen/native/Resize.h>
#include <ATen/ops/view_as_real.h>
#include <torch/library.h>

#include <cmath>
#include <limits>
#include <mutex>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Arguments.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUGraph.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

using OptionalGenerator = std::optional<at::Generator>;

// Where numbers come from. In a capture: from two tensors, and `offset` is relative.
struct Philox {
  int64_t seed, offset;
  std::optional<c10_npu::CapturedPhilox> captured;
};

// Reserves the numbers that `elements` need: four 32-bit ones per element suit every distribution.
Philox reserve(const OptionalGenerator& given, const at::Tensor& self, int64_t elements) {
  TORCH_CHECK(!given.has_value() || !given->defined() || given->device() == self.device(),
              "Expected a generator of device ", self.device(), ", but got one of device ",
              given.has_value() ? given->device() : self.device(), ".");
  auto* generator = at::get_generator_or_default<c10_npu::NPUGeneratorImpl>(
      given, c10_npu::detail::getDefaultNPUGenerator(self.device().index()));
  const std::lock_guard<std::mutex> lock(generator->mutex_);
  const uint64_t numbers = static_cast<uint64_t>(elements) * 4;
  auto captured = c10_npu::NPUGraph::reserve(*generator, numbers,
                                             c10_npu::getCurrentNPUStream(self.device().index()));
  if (captured.has_value()) {
    const auto first = static_cast<int64_t>(captured->first);
    return {0, first, std::move(captured)};
  }
  const auto [seed, offset] = generator->philox_engine_inputs(numbers);
  return {static_cast<int64_t>(seed), static_cast<int64_t>(offset), std::nullopt};
}

Philox reserve(const OptionalGenerator& given, const at::Tensor& self) {
  return reserve(given, self, self.numel());
}

// PyTorch's limits: every number drawn, and the width of the range, are finite in the dtype.
void check_uniform_range(const at::Tensor& self, double from, double to) {
  const double limit = finite_limit(std::nullopt, self, 1);
  const double widest =
      self.scalar_type() == at::kDouble ? std::numeric_limits<double>::max() : limit;
  TORCH_CHECK(std::abs(from) <= widest && std::abs(to) <= widest && to - from <= widest,
              "uniform_: from=", from, " or to=", to, " is out of bounds for ", self.scalar_type());
}

// For functions whose seed CANN takes as a number only, which a graph could not change.
Philox reserve_outside_captures(const OptionalGenerator& given, const at::Tensor& self,
                                const char* name) {
  Philox philox = reserve(given, self);
  TORCH_CHECK(!philox.captured.has_value(), name,
              " cannot be part of a graph: CANN has no version of it with a seed on the device, so "
              "all replays would draw the same. Draw before the replay, into a tensor that the "
              "graph reads.");
  return philox;
}

at::Tensor& normal_(at::Tensor& self, double mean, double std, OptionalGenerator generator) {
  TORCH_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  at::assert_no_internal_overlap(self);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  if (self.is_complex()) {  // half of the variance in each part
    at::Tensor parts = at::view_as_real(self);
    normal_(parts, 0, std / std::sqrt(2.0), std::move(generator));
    if (mean != 0) parts.select(-1, 0).add_(mean);
    return self;
  }
  const Philox philox = reserve(generator, self);
  if (philox.captured.has_value()) {
    const c10_npu::CapturedPhilox& device = *philox.captured;
    ACLNN_CALL(aclnnInplaceNormalTensor, self, mean, std, device.seed, device.offset,
               philox.offset);
  } else {
    ACLNN_CALL(aclnnInplaceNormal, self, mean, std, philox.seed, philox.offset);
  }
  return self;
}

at::Tensor& uniform_(at::Tensor& self, double from, double to, OptionalGenerator generator) {
  TORCH_CHECK(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from,
              " > to=", to);
  if (self.is_complex()) {
    at::Tensor parts = at::view_as_real(self);
    uniform_(parts, from, to, std::move(generator));
    return self;
  }
  TORCH_CHECK(self.is_floating_point(), "uniform_ needs a floating-point tensor, not ",
              self.scalar_type());
  check_uniform_range(self, from, to);
  at::assert_no_internal_overlap(self);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  const Philox philox = reserve(generator, self);
  if (philox.captured.has_value()) {
    const c10_npu::CapturedPhilox& device = *philox.captured;
    ACLNN_CALL(aclnnInplaceUniformTensor, self, from, to, device.seed.view(at::kUInt64),
               device.offset.view(at::kUInt64), philox.offset);
  } else {
    ACLNN_CALL(aclnnInplaceUniform, self, from, to, philox.seed, philox.offset);
  }
  return self;
}

bool captures(const at::Tensor& self) {
  return c10_npu::is_captured(c10_npu::getCurrentNPUStream(self.device().index()));
}

// In a capture, as CANN has no Bernoulli with a seed on the device. The numbers are other ones than
// those of aclnnInplaceBernoulli with the same seed.
at::Tensor uniform_like(const at::Tensor& self, OptionalGenerator generator) {
  at::Tensor numbers = empty(self.sizes(), at::kFloat, self.device());
  return uniform_(numbers, 0, 1, std::move(generator));
}

at::Tensor& bernoulli_float(at::Tensor& self, double p, OptionalGenerator generator) {
  TORCH_CHECK(0 <= p && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  at::assert_no_internal_overlap(self);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  if (captures(self)) return self.copy_(uniform_like(self, std::move(generator)).lt(p));
  const Philox philox = reserve(generator, self);
  ACLNN_CALL(aclnnInplaceBernoulli, self, at::Scalar(p), philox.seed, philox.offset);
  return self;
}

at::Tensor& bernoulli_tensor(at::Tensor& self, const at::Tensor& p, OptionalGenerator generator) {
  TORCH_CHECK(p.is_floating_point(), "expected probabilities tensor to have floating type, got ",
              p.scalar_type());
  at::assert_no_internal_overlap(self);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  if (captures(self)) return self.copy_(uniform_like(self, std::move(generator)).lt(p));
  const Philox philox = reserve(generator, self);
  // The function lacks bfloat16.
  const auto wide = [](at::ScalarType type) { return type == at::kBFloat16 ? at::kFloat : type; };
  const at::Tensor given = on_device(p, self);
  const at::Tensor probabilities =
      at::expand_inplace(self, given, "bernoulli_")->to(wide(p.scalar_type())).contiguous();
  const Widened drawn(self, self.scalar_type(), wide(self.scalar_type()));
  const at::Tensor& target = drawn;
  ACLNN_CALL(aclnnInplaceBernoulliTensor, target, probabilities, philox.seed, philox.offset);
  drawn.give_back();
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
  at::assert_no_internal_overlap(self);
  if (self.numel() == 0) return self;
  const c10_npu::NPUGuard guard(self.device());
  const Philox philox = reserve(generator, self);
  if (philox.captured.has_value()) {
    const c10_npu::CapturedPhilox& device = *philox.captured;
    ACLNN_CALL(aclnnInplaceRandomTensor, self, from, to, device.seed, device.offset, philox.offset);
  } else {
    ACLNN_CALL(aclnnInplaceRandom, self, from, to, philox.seed, philox.offset);
  }
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
  // Scalars wrap negative numbers around for unsigned types and take any number as true.
  const bool is_bool = self.scalar_type() == at::kBool;
  TORCH_CHECK(!(is_bool || self.scalar_type() == at::kByte) || from >= 0, "random_: from=", from,
              " is out of bounds for ", self.scalar_type());
  TORCH_CHECK(!is_bool || end <= 2, "random_: to - 1=", end - 1, " is out of bounds for bool");
  check_representable(at::Scalar(from), self.scalar_type());
  check_representable(at::Scalar(end - 1), self.scalar_type());
  return random_range(self, from, end, generator);
}

at::Tensor& random_to(at::Tensor& self, int64_t to, OptionalGenerator generator) {
  return random_from(self, 0, to, std::move(generator));
}

at::Tensor& randperm_out(int64_t n, OptionalGenerator generator, at::Tensor& out) {
  TORCH_CHECK(n >= 0, "n must be non-negative, got", n);
  TORCH_CHECK(n <= exact_limit(out.scalar_type()), "n is too large for result tensor type: '",
              out.scalar_type(), "'");
  at::assert_no_internal_overlap(out);
  out.resize_({n});
  if (n == 0) return out;
  const c10_npu::NPUGuard guard(out.device());
  const Philox philox = reserve_outside_captures(generator, out, "randperm");
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
  const Philox philox = reserve_outside_captures(generator, self, "multinomial");
  ACLNN_CALL(aclnnMultinomial, self, samples, replacement, philox.seed, philox.offset, out);
  return out;
}

at::Tensor multinomial(const at::Tensor& self, int64_t samples, bool replacement,
                       OptionalGenerator generator) {
  at::Tensor out = empty({0}, at::kLong, self.device());
  return multinomial_out(self, samples, replacement, std::move(generator), out);
}

// mean + std * N(0, 1), of which each may be a tensor.
template <class Mean, class Std>
at::Tensor& normal_into(at::Tensor& out, const Mean& mean, const Std& std,
                        const OptionalGenerator& generator) {
  normal_(out, 0, 1, generator);
  return out.mul_(std).add_(mean);
}

// As PyTorch does for every device, this waits for the tensor.
void check_std(const at::Tensor& std) {
  TORCH_CHECK(!std.is_complex(), "normal expects standard deviation to be non-complex");
  TORCH_CHECK(std.numel() == 0 || std.min().ge(0).item<bool>(),
              "normal expects all elements of std >= 0.0");
}

at::Tensor& normal_tensor_float_out(const at::Tensor& mean, double std, OptionalGenerator generator,
                                    at::Tensor& out) {
  TORCH_CHECK(std >= 0, "normal expects std >= 0.0, but found std ", std);
  at::native::resize_output(out, mean.sizes());
  return normal_into(out, mean, std, generator);
}
at::Tensor normal_tensor_float(const at::Tensor& mean, double std, OptionalGenerator generator) {
  at::Tensor out = new_like(mean);
  return normal_tensor_float_out(mean, std, std::move(generator), out);
}

at::Tensor& normal_float_tensor_out(double mean, const at::Tensor& std, OptionalGenerator generator,
                                    at::Tensor& out) {
  check_std(std);
  at::native::resize_output(out, std.sizes());
  return normal_into(out, mean, std, generator);
}
at::Tensor normal_float_tensor(double mean, const at::Tensor& std, OptionalGenerator generator) {
  at::Tensor out = new_like(std);
  return normal_float_tensor_out(mean, std, std::move(generator), out);
}

at::Tensor& normal_tensor_tensor_out(const at::Tensor& mean, const at::Tensor& std,
                                     OptionalGenerator generator, at::Tensor& out) {
  check_std(std);
  at::native::resize_output(out, at::infer_size(mean.sizes(), std.sizes()));
  return normal_into(out, mean, std, generator);
}
at::Tensor normal_tensor_tensor(const at::Tensor& mean, const at::Tensor& std,
                                OptionalGenerator generator) {
  at::Tensor out = new_like(mean, at::infer_size(mean.sizes(), std.sizes()));
  return normal_tensor_tensor_out(mean, std, std::move(generator), out);
}

// -log(1 - U) / lambd, of which 1 - U is never 0.
at::Tensor& exponential_(at::Tensor& self, double lambd, OptionalGenerator generator) {
  TORCH_CHECK(lambd > 0, "exponential_ expects lambda > 0.0, but found lambda=", lambd);
  uniform_(self, 0, 1, std::move(generator));
  return self.neg_().log1p_().mul_(-1 / lambd);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("normal_", &normal_);
  m.impl("normal.Tensor_float", &normal_tensor_float);
  m.impl("normal.Tensor_float_out", &normal_tensor_float_out);
  m.impl("normal.float_Tensor", &normal_float_tensor);
  m.impl("normal.float_Tensor_out", &normal_float_tensor_out);
  m.impl("normal.Tensor_Tensor", &normal_tensor_tensor);
  m.impl("normal.Tensor_Tensor_out", &normal_tensor_tensor_out);
  m.impl("exponential_", &exponential_);
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
