#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/SymIntArrayRef.h>

#include <algorithm>
#include <optional>
#include <type_traits>
#include <vector>

// What the output rules of vendor operators are written over. A rule is a template: on a device it
// sees at::Tensor, and under FakeTensor (torch.compile) Shaped, whose sizes may be symbols.
namespace at_npu::vendor {

// The part of at::Tensor that rules may use.
class Shaped {
 public:
  Shaped(const at::Tensor& tensor) : tensor_(tensor) {}

  bool defined() const { return tensor_.defined(); }
  int64_t dim() const { return tensor_.dim(); }
  c10::SymInt size(int64_t dim) const { return tensor_.sym_size(dim); }
  c10::SymIntArrayRef sizes() const { return tensor_.sym_sizes(); }
  c10::SymInt numel() const { return tensor_.sym_numel(); }
  at::ScalarType scalar_type() const { return tensor_.scalar_type(); }
  at::Device device() const { return tensor_.device(); }

 private:
  at::Tensor tensor_;
};

inline std::optional<Shaped> shaped(const std::optional<at::Tensor>& tensor) {
  return tensor.has_value() && tensor->defined() ? std::optional<Shaped>(*tensor) : std::nullopt;
}
inline std::vector<Shaped> shaped(at::TensorList tensors) {
  return {tensors.begin(), tensors.end()};
}
inline std::optional<std::vector<Shaped>> shaped(const std::optional<at::TensorList>& tensors) {
  return tensors.has_value() ? std::optional(shaped(*tensors)) : std::nullopt;
}

template <class T>
using Int = std::conditional_t<std::is_same_v<T, Shaped>, c10::SymInt, int64_t>;
template <class T>
using Ints = c10::SmallVector<Int<T>, 5>;

// A size that is the same under all symbols.
inline int64_t as_int(int64_t size) { return size; }
inline int64_t as_int(const c10::SymInt& size) { return size.guard_int(__FILE__, __LINE__); }

// An output, contiguous.
template <class T>
struct Output {
  Ints<T> sizes;
  at::ScalarType dtype;
  at::Device device;
};

at::Tensor make(const Output<at::Tensor>& output);
at::Tensor make(const Output<Shaped>& output);

template <class T>
std::vector<at::Tensor> make(const std::vector<Output<T>>& outputs) {
  std::vector<at::Tensor> made;
  for (const Output<T>& output : outputs) made.push_back(make(output));
  return made;
}

// Anything else that an operator returns.
inline int64_t make(int64_t value) { return value; }

// Whether there is something to compute.
inline bool has_elements(const at::Tensor& made) { return made.numel() != 0; }
inline bool has_elements(const std::vector<at::Tensor>& made) {
  return std::ranges::any_of(made, [](const at::Tensor& tensor) { return tensor.numel() != 0; });
}

}  // namespace at_npu::vendor
