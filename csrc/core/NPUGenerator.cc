#include "csrc/core/NPUGenerator.h"

#include <ATen/EmptyTensor.h>

#include <array>
#include <cstring>
#include <mutex>

#include "csrc/core/Capture.h"
#include "csrc/core/NPUFunctions.h"

namespace c10_npu {
namespace {

constexpr uint64_t kPhiloxBlock = 4;  // numbers that one step of the counter yields
constexpr size_t kStateBytes = 2 * sizeof(uint64_t);

// A captured operator draws at a replay, from the state that the generator has then.
void refuse_change_in_capture(c10::DeviceIndex device) {
  TORCH_CHECK(!capture_underway(device) || !is_captured(getCurrentNPUStream(device)),
              "the seed, offset or state of an npu generator cannot be set in a capture: replays "
              "draw from the state that it has at the time of the replay. Set it before the "
              "capture or before a replay.");
}

struct DefaultGenerator {
  std::once_flag once;
  at::Generator generator;
};

}  // namespace

NPUGeneratorImpl::NPUGeneratorImpl(c10::DeviceIndex device)
    : GeneratorImpl(c10::Device(kNPU, device), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)) {
}

uint64_t NPUGeneratorImpl::round_up(uint64_t increment) {
  return (increment + kPhiloxBlock - 1) / kPhiloxBlock * kPhiloxBlock;
}

std::pair<uint64_t, uint64_t> NPUGeneratorImpl::philox_engine_inputs(uint64_t increment) {
  const uint64_t first = offset_;
  offset_ += round_up(increment);
  return {seed_, first};
}

void NPUGeneratorImpl::set_current_seed(uint64_t seed) {
  refuse_change_in_capture(device().index());
  seed_ = seed;
  offset_ = 0;
}

void NPUGeneratorImpl::set_offset(uint64_t offset) {
  refuse_change_in_capture(device().index());
  TORCH_CHECK_VALUE(offset % kPhiloxBlock == 0,
                    "the offset of an npu generator must be a multiple of ", kPhiloxBlock, ", got ",
                    offset);
  offset_ = offset;
}

uint64_t NPUGeneratorImpl::get_offset() const { return offset_; }

uint64_t NPUGeneratorImpl::current_seed() const { return seed_; }

uint64_t NPUGeneratorImpl::seed() {
  const uint64_t random = c10::detail::getNonDeterministicRandom(/*is_cuda=*/true);
  set_current_seed(random);
  return random;
}

c10::intrusive_ptr<c10::TensorImpl> NPUGeneratorImpl::get_state() const {
  auto state = at::detail::empty_cpu({kStateBytes}, c10::TensorOptions().dtype(c10::kByte));
  auto* bytes = static_cast<uint8_t*>(state.mutable_data_ptr());
  std::memcpy(bytes, &seed_, sizeof(seed_));
  std::memcpy(bytes + sizeof(seed_), &offset_, sizeof(offset_));
  return state.getIntrusivePtr();
}

void NPUGeneratorImpl::set_state(const c10::TensorImpl& state) {
  at::detail::check_rng_state(state);
  TORCH_CHECK(state.numel() == kStateBytes, "the state of an npu generator has ", kStateBytes,
              " bytes (seed, offset), got ", state.numel());
  uint64_t seed = 0;
  uint64_t offset = 0;
  const auto* bytes = static_cast<const uint8_t*>(state.data());
  std::memcpy(&seed, bytes, sizeof(seed));
  std::memcpy(&offset, bytes + sizeof(seed), sizeof(offset));
  set_offset(offset);  // first: it refuses what cannot be an offset
  seed_ = seed;
}

NPUGeneratorImpl* NPUGeneratorImpl::clone_impl() const {
  auto* clone = new NPUGeneratorImpl(device().index());
  clone->seed_ = seed_;
  clone->offset_ = offset_;
  return clone;
}

namespace detail {

const at::Generator& getDefaultNPUGenerator(c10::DeviceIndex device) {
  static auto& generators = *new std::array<DefaultGenerator, kMaxDevices>;
  if (device == -1) device = current_device();
  TORCH_CHECK(device >= 0 && device < kMaxDevices, "npu device index ", static_cast<int>(device),
              " is out of range");
  DefaultGenerator& slot = generators[device];
  std::call_once(slot.once, [&] {
    slot.generator = createNPUGenerator(device);
    slot.generator.seed();
  });
  return slot.generator;
}

at::Generator createNPUGenerator(c10::DeviceIndex device) {
  if (device == -1) device = current_device();
  return at::make_generator<NPUGeneratorImpl>(device);
}

}  // namespace detail
}  // namespace c10_npu
