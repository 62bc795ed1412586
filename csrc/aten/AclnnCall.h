#pragma once

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "csrc/aten/AclnnArguments.h"
#include "csrc/aten/ExecutorCache.h"
#include "csrc/aten/Formats.h"
#include "csrc/core/CoreLimits.h"
#include "csrc/core/TaskQueue.h"

// ACLNN_CALL(aclnnAdd, self, other, alpha, out): both phases of an aclnn function on the current
// stream. Takes tensors, scalars, lists and optionals as PyTorch has them; an undefined tensor is
// passed as a null pointer. The function's declaration, in csrc/aten/aclnn/<family>.h, fixes the
// number and kind of arguments.
#define ACLNN_CALL(function, ...)                                         \
  ::at_npu::aclnn::call(#function, ::at_npu::aclnn::parameters::function, \
                        &function##GetWorkspaceSize, &function __VA_OPT__(, ) __VA_ARGS__)

namespace at_npu::aclnn {

// `const aclTensor*` and `aclTensor*` are converted alike.
template <class T>
using Unqualified =
    std::conditional_t<std::is_pointer_v<T>,
                       std::add_pointer_t<std::remove_const_t<std::remove_pointer_t<T>>>, T>;

// Phase 1, with the handles of the arguments.
template <class Prepare, class Handles>
Launch prepare_launch(const Call& call, Prepare prepare, Launcher launcher, const Handles& handles,
                      const c10_npu::NPUStream& stream) {
  c10_npu::use_core_limits(stream.handle());
  uint64_t workspace_size = 0;
  aclOpExecutor* executor = nullptr;
  const aclnnStatus status = std::apply(
      [&](const auto&... handle) { return prepare(raw(handle)..., &workspace_size, &executor); },
      handles);
  return make_launch(call, status, workspace_size, executor, launcher, stream);
}

// The handles as they wait in the queue: in place, or on the heap if they do not fit into a slot.
template <class Handles>
auto movable(Handles handles) {
  constexpr size_t kRoom = c10_npu::TaskQueue::kTaskBytes - sizeof(Launch) - sizeof(Call);
  if constexpr (sizeof(Handles) <= kRoom) {
    return handles;
  } else {
    return std::make_shared<Handles>(std::move(handles));
  }
}
template <class... Handle>
const std::tuple<Handle...>& handles_of(const std::tuple<Handle...>& handles) {
  return handles;
}
template <class... Handle>
const std::tuple<Handle...>& handles_of(const std::shared_ptr<std::tuple<Handle...>>& handles) {
  return *handles;
}

// Converts the arguments and runs phase 1, now or, with TASK_QUEUE_ENABLE=2, when it is the call's
// turn in the queue. With a key, the executor is kept for the next such call.
template <class... Declared, size_t... I, class... Arguments>
void call_indexed(Call call, const Parameter* parameters, aclnnStatus (*prepare)(Declared...),
                  Launcher launcher, const CallKey* key, std::index_sequence<I...>,
                  const Arguments&... arguments) {
  using Types = std::tuple<Declared...>;
  // Braces: converted from left to right, so that errors name the first wrong argument.
  std::tuple handles{convert(To<Unqualified<std::tuple_element_t<I, Types>>>{}, call, parameters[I],
                             arguments)...};
  const c10_npu::NPUStream stream = call.stream();
  if (key == nullptr && c10_npu::task_queue_level() == 2) {
    c10_npu::submit(stream, [=, handles = movable(std::move(handles))] {
      prepare_launch(call, prepare, launcher, handles_of(handles), stream)();
    });
    return finish_launch(stream);
  }
  const Launch launch = prepare_launch(call, prepare, launcher, handles, stream);
  if (key != nullptr && aclSetAclOpExecutorRepeatable(launch.executor) == ACLNN_SUCCESS) {
    const auto executor = c10::make_intrusive<CachedExecutor>(*key, launch);
    executor->keep(std::move(handles));
    c10_npu::submit(stream,
                    CachedLaunch{executor, key->addresses(), launch.workspace, launch.stream});
    ExecutorCache::of_this_thread().insert(key->hash(), executor);
  } else {
    // CANN reads the handles until the launch.
    c10_npu::submit(stream, [launch, handles = movable(std::move(handles))] { launch(); });
  }
  finish_launch(stream);
}

// Launches the executor of an equal call that was made before, if there is one. Otherwise says in
// `keep` whether the one to be made is worth keeping.
bool call_cached(CallKey& key, const Call& call, bool* keep);

// For arguments in a private memory format, which only some functions take.
template <size_t N, class... Declared, size_t... I, class... Arguments>
void call_based(const char* name, const Parameter (&parameters)[N],
                aclnnStatus (*prepare)(Declared...), Launcher launcher, std::index_sequence<I...>,
                const Arguments&... arguments);

template <size_t N, class... Declared, class... Arguments>
void call(const char* name, const Parameter (&parameters)[N], aclnnStatus (*prepare)(Declared...),
          Launcher launcher, const Arguments&... arguments) {
  static_assert(sizeof...(Declared) == sizeof...(Arguments) + 2,
                "the aclnn function takes another number of arguments");
  static_assert(N == sizeof...(Arguments));
  static const bool cacheable = is_cacheable(parameters) && ExecutorCache::is_enabled();
  constexpr auto kIndices = std::index_sequence_for<Arguments...>{};
  const Parameter* place = parameters;
  if (C10_UNLIKELY((any_needs_base(*place++, arguments) || ...))) {
    return call_based(name, parameters, prepare, launcher, kIndices, arguments...);
  }
  if (cacheable) {
    Call checked(name);
    CallKey key(launcher);
    const Parameter* parameter = parameters;
    (key.add(checked, *parameter++, arguments), ...);
    bool keep = false;
    if (call_cached(key, checked, &keep)) return;
    if (keep) {
      return call_indexed(Call(name), parameters, prepare, launcher, &key, kIndices, arguments...);
    }
  }
  call_indexed(Call(name), parameters, prepare, launcher, nullptr, kIndices, arguments...);
}

template <size_t N, class... Declared, size_t... I, class... Arguments>
void call_based(const char* name, const Parameter (&parameters)[N],
                aclnnStatus (*prepare)(Declared...), Launcher launcher, std::index_sequence<I...>,
                const Arguments&... arguments) {
  const std::tuple plain{all_based(parameters[I], arguments)...};
  call_indexed(Call(name), parameters, prepare, launcher, nullptr, std::index_sequence<I...>{},
               unpacked(std::get<I>(plain))...);
}

}  // namespace at_npu::aclnn
