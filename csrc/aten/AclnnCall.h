#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "aclnn/aclnn_ops.h"
#include "csrc/aten/AclnnArguments.h"
#include "csrc/aten/aclnn_parameters.h"

// ACLNN_CALL(aclnnAdd, self, other, alpha, out): both phases of an aclnn function on the current
// stream. Takes tensors, scalars, lists and optionals as PyTorch has them; an undefined tensor is
// passed as a null pointer. The function's declaration fixes the number and kind of arguments.
#define ACLNN_CALL(function, ...)                                         \
  ::at_npu::aclnn::call(#function, ::at_npu::aclnn::parameters::function, \
                        &function##GetWorkspaceSize, &function __VA_OPT__(, ) __VA_ARGS__)

namespace at_npu::aclnn {

// `const aclTensor*` and `aclTensor*` are converted alike.
template <class T>
using Unqualified =
    std::conditional_t<std::is_pointer_v<T>,
                       std::add_pointer_t<std::remove_const_t<std::remove_pointer_t<T>>>, T>;

template <class... Declared, size_t... I, class... Arguments>
void call_indexed(Call call, const Parameter* parameters, aclnnStatus (*prepare)(Declared...),
                  Launcher launcher, std::index_sequence<I...>, const Arguments&... arguments) {
  using Types = std::tuple<Declared...>;
  const std::tuple handles{convert(To<Unqualified<std::tuple_element_t<I, Types>>>{}, call,
                                   parameters[I], arguments)...};
  uint64_t workspace_size = 0;
  aclOpExecutor* executor = nullptr;
  const aclnnStatus status = prepare(raw(std::get<I>(handles))..., &workspace_size, &executor);
  call.launch(status, workspace_size, executor, launcher);
}

template <size_t N, class... Declared, class... Arguments>
void call(const char* name, const Parameter (&parameters)[N], aclnnStatus (*prepare)(Declared...),
          Launcher launcher, const Arguments&... arguments) {
  static_assert(sizeof...(Declared) == sizeof...(Arguments) + 2,
                "the aclnn function takes another number of arguments");
  static_assert(N == sizeof...(Arguments));
  call_indexed(Call(name), parameters, prepare, launcher, std::index_sequence_for<Arguments...>{},
               arguments...);
}

}  // namespace at_npu::aclnn
