#pragma once

#include <ATen/core/IListRef.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>

#include <concepts>
#include <optional>
#include <type_traits>
#include <vector>

#include "csrc/aten/AclnnArguments.h"
#include "csrc/core/NPUFormat.h"

// Tensors in Ascend's private memory formats. aclnn functions take them where their table says so;
// for all others they are brought into the base format, that is, row by row.
namespace at_npu {

// aclFormat of a tensor with so many dimensions that is in the base format.
aclFormat base_format(int64_t dims);

inline const c10_npu::FormattedMemory* formatted_memory(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.has_storage()) return nullptr;
  return c10_npu::formatted_memory(tensor.storage().data_ptr());
}
inline bool is_fractal_nz(const at::Tensor& tensor) {
  const c10_npu::FormattedMemory* memory = formatted_memory(tensor);
  return memory != nullptr && memory->format == ACL_FORMAT_FRACTAL_NZ;
}
// All of the memory, as it is or transposed: no other view can be described to a function that
// takes blocks.
bool is_whole(const at::Tensor& tensor, const c10_npu::FormattedMemory& memory);
// Whether the WeightNz functions take the second matrix of a product as it lies in memory.
inline bool is_nz_weight(const at::Tensor& mat2) {
  return C10_UNLIKELY(is_fractal_nz(mat2)) && mat2.itemsize() == 2 &&
         is_whole(mat2, *formatted_memory(mat2));
}

// A copy in another format.
at::Tensor with_format(const at::Tensor& self, aclFormat format);
// The tensor itself, or a copy if it is in a private format.
at::Tensor in_base_format(const at::Tensor& tensor);
// Brings the tensor's storage into the base format, and with it all tensors over it.
void to_base_format_(const at::Tensor& tensor);

namespace aclnn {

// ---- for ACLNN_CALL: arguments that a function does not take as they lie in memory ----

inline bool needs_base(const Parameter& parameter, const at::Tensor& tensor) {
  const c10_npu::FormattedMemory* memory = formatted_memory(tensor);
  return C10_UNLIKELY(memory != nullptr) && !(parameter.takes_nz && is_whole(tensor, *memory));
}
at::Tensor based(const Parameter& parameter, const at::Tensor& tensor);

// A list of tensors, which passes as the list that it replaces.
struct BasedList {
  std::vector<at::Tensor> tensors;
  operator at::ITensorListRef() const { return at::ITensorListRef(at::TensorList(tensors)); }
};

template <class T>
concept SomeTensor = std::convertible_to<const T&, const at::Tensor&>;
template <class T>
concept OptionalOfTensor = std::same_as<T, std::optional<at::Tensor>>;
template <class T>
concept ListOfOptionals = std::same_as<T, c10::List<std::optional<at::Tensor>>>;
template <class T>
concept OptionalList = std::same_as<T, std::optional<at::TensorList>>;
template <class T>
concept SomeList = !SomeTensor<T> && std::convertible_to<const T&, at::ITensorListRef>;

template <class T>
bool any_needs_base(const Parameter& parameter, const T& argument) {
  if constexpr (SomeTensor<T>) {
    return needs_base(parameter, argument);
  } else if constexpr (OptionalOfTensor<T>) {
    return argument.has_value() && needs_base(parameter, *argument);
  } else if constexpr (OptionalList<T>) {
    return argument.has_value() && any_needs_base(parameter, *argument);
  } else if constexpr (ListOfOptionals<T>) {
    for (const std::optional<at::Tensor>& element : argument) {
      if (any_needs_base(parameter, element)) return true;
    }
    return false;
  } else if constexpr (SomeList<T>) {
    for (const at::Tensor& tensor : at::ITensorListRef(argument)) {
      if (needs_base(parameter, tensor)) return true;
    }
    return false;
  } else {
    return false;
  }
}

template <class T>
auto all_based(const Parameter& parameter, const T& argument) {
  if constexpr (SomeTensor<T>) {
    return based(parameter, argument);
  } else if constexpr (OptionalOfTensor<T>) {
    return argument.has_value() ? std::optional(based(parameter, *argument)) : argument;
  } else if constexpr (ListOfOptionals<T>) {
    c10::List<std::optional<at::Tensor>> result;
    for (const std::optional<at::Tensor>& element : argument) {
      result.push_back(all_based(parameter, element));
    }
    return result;
  } else if constexpr (OptionalList<T>) {
    std::optional<BasedList> result;
    if (argument.has_value()) result = all_based(parameter, *argument);
    return result;
  } else if constexpr (SomeList<T>) {
    BasedList result;
    for (const at::Tensor& tensor : at::ITensorListRef(argument)) {
      result.tensors.push_back(based(parameter, tensor));
    }
    return result;
  } else {
    return argument;
  }
}

// As the functions that take the arguments have them.
template <class T>
const T& unpacked(const T& argument) {
  return argument;
}
inline at::ITensorListRef unpacked(const BasedList& list) { return list; }
inline std::optional<at::TensorList> unpacked(const std::optional<BasedList>& list) {
  return list ? std::optional(at::TensorList(list->tensors)) : std::nullopt;
}

}  // namespace aclnn
}  // namespace at_npu
