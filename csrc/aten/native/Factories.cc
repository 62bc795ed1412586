#include <ATen/EmptyTensor.h>
#include <ATen/native/RangeUtils.h>
#include <ATen/native/TensorFactories.h>
#include <ATen/ops/tril_indices.h>
#include <ATen/ops/triu_indices.h>
#include <torch/library.h>

#include <cmath>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/copy.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

at::Device device_or_current(std::optional<at::Device> device) {
  return device.value_or(at::Device(at::kPrivateUse1, c10_npu::current_device()));
}

at::Tensor empty_memory_format(at::IntArrayRef sizes, std::optional<at::ScalarType> dtype,
                               std::optional<at::Layout> layout, std::optional<at::Device> device,
                               std::optional<bool> pin_memory,
                               std::optional<at::MemoryFormat> format) {
  TORCH_CHECK(layout.value_or(at::kStrided) == at::kStrided,
              "npu tensors are strided; there is no layout ", *layout, " on this device.");
  TORCH_CHECK(!pin_memory.value_or(false), "Only dense CPU tensors can be pinned.");
  return empty(sizes, c10::dtype_or_default(dtype), device_or_current(device), format);
}

at::Tensor empty_strided_(at::IntArrayRef sizes, at::IntArrayRef strides,
                          std::optional<at::ScalarType> dtype, std::optional<at::Layout> layout,
                          std::optional<at::Device> device, std::optional<bool> pin_memory) {
  TORCH_CHECK(layout.value_or(at::kStrided) == at::kStrided,
              "npu tensors are strided; there is no layout ", *layout, " on this device.");
  TORCH_CHECK(!pin_memory.value_or(false), "Only dense CPU tensors can be pinned.");
  return empty_strided(sizes, strides, c10::dtype_or_default(dtype), device_or_current(device));
}

// Of a tensor that PyTorch knows to be zero, it never reads the memory.
struct NoMemory final : at::Allocator {
  explicit NoMemory(at::Device device) : device_(device) {}
  at::DataPtr allocate(size_t) override { return {nullptr, nullptr, nullptr, device_}; }
  void copy_data(void*, const void*, size_t) const override {}

 private:
  at::Device device_;
};

at::Tensor efficient_zero_tensor(at::IntArrayRef sizes, std::optional<at::ScalarType> dtype,
                                 std::optional<at::Layout>, std::optional<at::Device> device,
                                 std::optional<bool>) {
  NoMemory allocator(device_or_current(device));
  const c10::DispatchKeySet keys({c10::DispatchKey::PrivateUse1, c10::DispatchKey::ZeroTensor});
  return at::detail::empty_generic(sizes, &allocator, keys, c10::dtype_or_default(dtype),
                                   std::nullopt);
}

// Numbers are made in a contiguous tensor of a dtype that the hardware has, then copied where they
// were asked for.
template <class Fill>
at::Tensor& fill_through(at::Tensor& out, bool direct, at::ScalarType dtype, Fill fill) {
  const c10_npu::NPUGuard guard(out.device());
  if (out.numel() == 0) return out;
  if (direct && out.is_contiguous()) {
    fill(out);
    return out;
  }
  const at::Tensor made = new_like(out, direct ? out.scalar_type() : dtype);
  fill(made);
  return out.copy_(made);
}

at::Tensor& arange_start_out(const at::Scalar& start, const at::Scalar& end, const at::Scalar& step,
                             at::Tensor& out) {
  const bool integral = at::isIntegralType(out.scalar_type(), /*includeBool=*/true);
  int64_t size = 0;
  if (integral) {
    at::native::arange_check_bounds(start, end, step);
    size = at::native::compute_arange_size<int64_t>(start, end, step);
  } else {
    at::native::arange_check_bounds(start, end, step);
    size = at::native::compute_arange_size<double>(start, end, step);
  }
  if (out.numel() != size) {
    if (out.numel() != 0) {
      TORCH_WARN("The number of elements in the out tensor of shape ", out.sizes(), " is ",
                 out.numel(), " which does not match the computed number of elements ", size,
                 ". Note that this may occur as a result of rounding error. The out tensor will be "
                 "resized to a tensor of shape (",
                 size, ",).");
    }
    out.resize_({size});
  }
  const bool direct = out.scalar_type() == at::kFloat || out.scalar_type() == at::kLong ||
                      out.scalar_type() == at::kInt || out.scalar_type() == at::kDouble ||
                      out.scalar_type() == at::kHalf || out.scalar_type() == at::kBFloat16;
  return fill_through(out, direct, at::kLong, [&](const at::Tensor& made) {
    ACLNN_CALL(aclnnArange, start, end, step, made);
  });
}

at::Tensor& linspace_out(const at::Scalar& start, const at::Scalar& end, int64_t steps,
                         at::Tensor& out) {
  TORCH_CHECK(steps >= 0, "number of steps must be non-negative");
  if (out.numel() != steps) out.resize_({steps});
  const bool direct = out.scalar_type() != at::kLong && !out.is_complex();
  return fill_through(out, direct, at::kDouble, [&](const at::Tensor& made) {
    ACLNN_CALL(aclnnLinspace, start, end, steps, made);
  });
}

at::Tensor& logspace_out(const at::Scalar& start, const at::Scalar& end, int64_t steps, double base,
                         at::Tensor& out) {
  TORCH_CHECK(steps >= 0, "number of steps must be non-negative");
  if (out.numel() != steps) out.resize_({steps});
  const bool direct = out.is_floating_point() && out.scalar_type() != at::kDouble;
  return fill_through(out, direct, at::kFloat, [&](const at::Tensor& made) {
    ACLNN_CALL(aclnnLogSpace, start, end, steps, base, made);
  });
}

// torch.range, which includes the end.
at::Tensor& range_out(const at::Scalar& start, const at::Scalar& end, const at::Scalar& step,
                      at::Tensor& out) {
  const double from = start.toDouble(), to = end.toDouble(), by = step.toDouble();
  at::native::arange_check_bounds(start, end, step);
  const auto size = static_cast<int64_t>(std::floor((to - from) / by)) + 1;
  if (out.numel() != size) out.resize_({size});
  const bool direct = out.scalar_type() == at::kFloat || out.scalar_type() == at::kLong ||
                      out.scalar_type() == at::kInt || out.scalar_type() == at::kDouble;
  return fill_through(out, direct, at::kLong, [&](const at::Tensor& made) {
    ACLNN_CALL(aclnnRange, start, end, step, made);
  });
}

// Made on the CPU, as there is no function for them.
template <class Make>
at::Tensor made_on_host(Make make, std::optional<at::ScalarType> dtype,
                        std::optional<at::Device> device) {
  const at::Tensor indices = make(at::TensorOptions().dtype(dtype.value_or(at::kLong)));
  return indices.to(device_or_current(device));
}

at::Tensor tril_indices(int64_t rows, int64_t columns, int64_t offset,
                        std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                        std::optional<at::Device> device, std::optional<bool>) {
  return made_on_host(
      [&](const auto& options) { return at::tril_indices(rows, columns, offset, options); }, dtype,
      device);
}

at::Tensor triu_indices(int64_t rows, int64_t columns, int64_t offset,
                        std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                        std::optional<at::Device> device, std::optional<bool>) {
  return made_on_host(
      [&](const auto& options) { return at::triu_indices(rows, columns, offset, options); }, dtype,
      device);
}

at::Tensor& eye_m_out(int64_t n, int64_t m, at::Tensor& out) {
  TORCH_CHECK(n >= 0, "n must be greater or equal to 0, got ", n);
  TORCH_CHECK(m >= 0, "m must be greater or equal to 0, got ", m);
  out.resize_({n, m});
  const bool direct = out.scalar_type() != at::kDouble && !out.is_complex();
  return fill_through(out, direct, at::kFloat,
                      [&](const at::Tensor& made) { ACLNN_CALL(aclnnEye, n, m, made); });
}

at::Tensor& eye_out(int64_t n, at::Tensor& out) { return eye_m_out(n, n, out); }

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", &empty_memory_format);
  m.impl("empty_strided", &empty_strided_);
  m.impl("_efficientzerotensor", &efficient_zero_tensor);
  m.impl("arange.start_out", &arange_start_out);
  m.impl("linspace.out", &linspace_out);
  m.impl("logspace.out", &logspace_out);
  m.impl("range.out", &range_out);
  m.impl("tril_indices", &tril_indices);
  m.impl("triu_indices", &triu_indices);
  m.impl("eye.out", &eye_out);
  m.impl("eye.m_out", &eye_m_out);
}

}  // namespace at_npu
