#pragma once

#include <c10/util/Exception.h>

#include <stdexcept>
#include <tuple>
#include <utility>

#include "emulator/ops/base/shapes.h"
#include "emulator/ops/decode.h"

// In a file that includes emulator/ops/functions/<family>.h,
// EMULATE(aclnnAdd, broadcast, [](Tensor self, Tensor other, Scalar alpha, Tensor out) {
//   at::add_out(out, self, other, alpha);
// })
// defines the kernel of an aclnn function. The lambda's parameters must fit the types that
// third_party/cann/aclnn declares; an Optional… type says that null is allowed. `broadcast` is the
// check of shapes at phase 1 (emulator/ops/base/shapes.h) and may be left out.
#define EMULATE(function, ...)                                                   \
  constinit const ::ascend_emulator::Kernel ascend_emulator::kernels::function = \
      ::ascend_emulator::make_kernel<::ascend_emulator::parameters::function>(__VA_ARGS__);

namespace ascend_emulator {

// Prepares a stream's worker thread for ATen: inference mode and the number of OpenMP threads.
void enter_worker_thread();

template <class Signature>
struct Body;

template <class Lambda, class... Values>
struct Body<void (Lambda::*)(Values...) const> {
  using Tuple = std::tuple<std::remove_cvref_t<Values>...>;
  static constexpr size_t kSize = sizeof...(Values);
};

template <class Wires, class Tuple, class Indices>
struct Binding;

template <class... Wire, class... Value, size_t... I>
struct Binding<Parameters<Wire...>, std::tuple<Value...>, std::index_sequence<I...>> {
  static_assert((Decode<Wire, Value>::kPossible && ...),
                "a parameter of the kernel does not fit the type that the fact base declares");

  static constexpr uint64_t kNullable =
      ((uint64_t{Decode<Wire, Value>::kNullable} << I) | ... | uint64_t{0});

  template <class Lambda>
  static void run(const Call& call) {
    std::tuple<Value...> values{Decode<Wire, Value>::get(call, I)...};
    Lambda{}(std::get<I>(values)...);
    (verify(call, I, std::get<I>(values)), ...);
  }

  static void verify(const Call& call, size_t index, const Tensor& tensor) {
    if (call.function.parameters[index].output) verify_output(call, index, tensor);
  }
  static void verify(const Call& call, size_t index, const OptionalTensor& tensor) {
    if (tensor) verify(call, index, *tensor);
  }
  static void verify(const Call& call, size_t index, const Tensors& tensors) {
    if (call.function.parameters[index].output) verify_outputs(call, index, tensors);
  }
  template <class Other>
  static void verify(const Call&, size_t, const Other&) {}
};

template <class Bound, class Lambda>
void run_kernel(const Call& call) {
  enter_worker_thread();
  try {
    Bound::template run<Lambda>(call);
  } catch (const c10::Error& error) {
    throw std::runtime_error(error.what_without_backtrace());
  }
}

template <class Wires, class Lambda>
consteval Kernel make_kernel(ShapeRule shapes, Lambda) {
  using Signature = Body<decltype(&Lambda::operator())>;
  static_assert(Signature::kSize == Wires::kSize,
                "the kernel has another number of parameters than the fact base declares");
  using Bound = Binding<Wires, typename Signature::Tuple, std::make_index_sequence<Wires::kSize>>;
  return {&run_kernel<Bound, Lambda>, Bound::kNullable, shapes};
}

template <class Wires, class Lambda>
consteval Kernel make_kernel(Lambda lambda) {
  return make_kernel<Wires>(nullptr, lambda);
}

}  // namespace ascend_emulator
