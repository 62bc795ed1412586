#pragma once

#include <ATen/core/Generator.h>

#include <atomic>
#include <utility>

#include "csrc/core/Macros.h"

namespace c10_npu {

// Philox counter state: a seed and an offset in units of 32-bit random numbers per thread.
struct NPUGeneratorImpl final : c10::GeneratorImpl {
  explicit NPUGeneratorImpl(c10::DeviceIndex device);

  static c10::DeviceType device_type() { return kNPU; }

  // A multiple of Philox's block of 4 numbers.
  static uint64_t round_up(uint64_t increment);

  // Reserves round_up(increment) numbers; returns {seed, first offset}.
  // The caller holds mutex_.
  std::pair<uint64_t, uint64_t> philox_engine_inputs(uint64_t increment);

  void set_current_seed(uint64_t seed) override;
  void set_offset(uint64_t offset) override;
  uint64_t get_offset() const override;
  uint64_t current_seed() const override;
  uint64_t seed() override;
  // The state is a CPU byte tensor: seed then offset, 8 bytes each, as CUDA's.
  void set_state(const c10::TensorImpl& state) override;
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override;

 private:
  NPUGeneratorImpl* clone_impl() const override;

  uint64_t seed_ = c10::default_rng_seed_val;
  uint64_t offset_ = 0;
};

namespace detail {

// The device's own generator (-1: the current device's). It has a slot for any index, so that
// seeding works before the runtime is up.
const at::Generator& getDefaultNPUGenerator(c10::DeviceIndex device = -1);
at::Generator createNPUGenerator(c10::DeviceIndex device = -1);

}  // namespace detail

}  // namespace c10_npu

// The names that Ascend's C++ users know.
namespace at_npu {
using c10_npu::NPUGeneratorImpl;
namespace detail {
using c10_npu::detail::createNPUGenerator;
using c10_npu::detail::getDefaultNPUGenerator;
}  // namespace detail
}  // namespace at_npu
