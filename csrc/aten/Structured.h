#pragma once

#include <ATen/TensorIterator.h>
#include <ATen/TensorMeta.h>
#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <tuple>

#include "csrc/aten/Outputs.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {

enum class Kind { kFunctional, kInplace, kOut };

// Runs the shape function that PyTorch has for a structured operator and makes the outputs that it
// asks for. `Meta` is at::meta::structured_*; the aclnn call follows with output(0), output(1) …
template <class Meta, Kind kind, size_t N>
struct Structured final : Meta {
  using Slot = std::conditional_t<kind == Kind::kFunctional, at::Tensor, at::Tensor*>;

  template <class... Outputs>
  explicit Structured(Outputs&... outputs) : slots_{&outputs...} {}
  Structured()
    requires(kind == Kind::kFunctional)
  {}

  void set_output_strided(int64_t i, at::IntArrayRef sizes, at::IntArrayRef strides,
                          at::TensorOptions options) override {
    set_output(i, sizes, strides, options, /*exact_strides=*/true);
  }
  void set_output_raw_strided(int64_t i, at::IntArrayRef sizes, at::IntArrayRef strides,
                              at::TensorOptions options) override {
    set_output(i, sizes, strides, options, /*exact_strides=*/false);
  }
  const at::Tensor& maybe_get_output(int64_t i) override { return output(i); }

  const at::Tensor& output(int64_t i) const {
    if constexpr (kind == Kind::kFunctional) {
      return slots_[i];
    } else {
      return proxies_[i].has_value() ? *proxies_[i] : *slots_[i];
    }
  }

  // Nothing to compute: an aclnn call would be rejected or wasted.
  bool is_empty() const {
    for (size_t i = 0; i < N; ++i) {
      if (output(i).defined() && output(i).numel() != 0) return false;
    }
    return true;
  }

  // The dtype that the inputs are computed in: TensorIterator leaves casting to the device.
  at::ScalarType compute_dtype() const {
    if constexpr (kIterates) {
      return this->common_dtype();
    } else {
      return at::ScalarType::Undefined;
    }
  }

  // In-place and out variants: results computed in a temporary go where the caller wanted them.
  void finish() {
    if constexpr (kind != Kind::kFunctional) {
      for (size_t i = 0; i < N; ++i) {
        if (proxies_[i].has_value()) slots_[i]->copy_(*proxies_[i]);
      }
    }
  }

  auto take_results() {
    static_assert(kind == Kind::kFunctional);
    if constexpr (N == 1) {
      return std::move(slots_[0]);
    } else {
      return std::apply([](auto&... slot) { return std::tuple{std::move(slot)...}; }, slots_);
    }
  }

 private:
  static constexpr bool kIterates = std::is_base_of_v<at::TensorIteratorBase, Meta>;

  void set_output(int64_t i, at::IntArrayRef sizes, at::IntArrayRef strides,
                  const at::TensorOptions& options, [[maybe_unused]] bool exact_strides) {
    check_npu(options.device());
    guard_.reset_device(options.device());
    if constexpr (kind == Kind::kFunctional) {
      slots_[i] = create_output(sizes, strides, options);
    } else {
      const at::Tensor& given = *slots_[i];
      if constexpr (kind == Kind::kInplace) {
        check_inplace(given, sizes, options);
      } else {
        resize_output(given, sizes, strides, options);
      }
      if (exact_strides) proxies_[i] = maybe_create_proxy(given, sizes, strides, options);
    }
    // Last: TensorIterator asks for the output through maybe_get_output.
    if constexpr (kIterates) {
      at::TensorIteratorBase::set_output_raw_strided(i, sizes, strides, options);
    }
  }

  std::array<Slot, N> slots_{};
  std::array<std::optional<at::Tensor>, kind == Kind::kFunctional ? 0 : N> proxies_{};
  c10_npu::OptionalNPUGuard guard_;
};

}  // namespace at_npu
