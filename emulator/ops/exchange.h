#pragma once

#include "emulator/ops/base/exchange.h"
#include "emulator/ops/emulate.h"

// EMULATE_EXCHANGE(aclnnMatmulAllReduce, [](Tensor x1, …, Tensor out) { return Product{x1, out}; })
// defines a function that communicates. The lambda's result has
//   const char* group() const;                        the communicator's name
//   Transfer transfer(int64_t ranks) const;           what is sent and received
//   void before(int64_t ranks, Tensor sent) const;    fills `sent`, which has one dimension
//   void after(int64_t ranks, Tensor received) const; makes the outputs of what came
#define EMULATE_EXCHANGE(function, ...)                                              \
  constinit const ::ascend_emulator::Exchange ascend_emulator::exchanges::function = \
      ::ascend_emulator::make_exchange<::ascend_emulator::parameters::function>(__VA_ARGS__);

namespace ascend_emulator {

aclDataType acl_type(ScalarType type);

// Elements in the workspace, whatever else lies behind them.
Tensor decode_buffer(const Call& call, void* address, int64_t count, aclDataType dtype);

// Body (emulator/ops/emulate.h) is of lambdas that return nothing.
template <class Signature>
struct WithoutResult;
template <class Lambda, class Result, class... Values>
struct WithoutResult<Result (Lambda::*)(Values...) const> {
  using Type = void (Lambda::*)(Values...) const;
};

template <class Wires, class Tuple, class Indices>
struct ExchangeBinding;

template <class... Wire, class... Value, size_t... I>
struct ExchangeBinding<Parameters<Wire...>, std::tuple<Value...>, std::index_sequence<I...>> {
  template <class Lambda>
  static auto operation(const Call& call) {
    std::tuple<Value...> values{Decode<Wire, Value>::get(call, I)...};
    return Lambda{}(std::get<I>(values)...);
  }
};

template <class Bound, class Lambda>
struct ExchangeSteps {
  static const char* group(const Call& call) {
    return Bound::template operation<Lambda>(call).group();
  }
  static Transfer plan(const Call& call, int64_t ranks) {
    try {
      return Bound::template operation<Lambda>(call).transfer(ranks);
    } catch (const c10::Error& error) {
      throw std::runtime_error(error.what_without_backtrace());
    }
  }
  static void before(const Call& call, int64_t ranks, void* sent) {
    step(call, ranks, sent, &Transfer::sent,
         [](const auto& operation, int64_t count, Tensor at) { operation.before(count, at); });
  }
  static void after(const Call& call, int64_t ranks, void* received) {
    step(call, ranks, received, &Transfer::received,
         [](const auto& operation, int64_t count, Tensor from) { operation.after(count, from); });
  }

 private:
  template <class Step>
  static void step(const Call& call, int64_t ranks, void* buffer, int64_t Transfer::* count,
                   Step step) {
    enter_worker_thread();
    try {
      const auto operation = Bound::template operation<Lambda>(call);
      const Transfer transfer = operation.transfer(ranks);
      step(operation, ranks, decode_buffer(call, buffer, transfer.*count, transfer.dtype));
    } catch (const c10::Error& error) {
      throw std::runtime_error(error.what_without_backtrace());
    }
  }
};

template <class Wires, class Lambda>
consteval Exchange make_exchange(Lambda) {
  using Signature = Body<typename WithoutResult<decltype(&Lambda::operator())>::Type>;
  static_assert(Signature::kSize == Wires::kSize,
                "the kernel has another number of parameters than the fact base declares");
  using Indices = std::make_index_sequence<Wires::kSize>;
  using Bound = ExchangeBinding<Wires, typename Signature::Tuple, Indices>;
  using Steps = ExchangeSteps<Bound, Lambda>;
  constexpr uint64_t nullable = Binding<Wires, typename Signature::Tuple, Indices>::kNullable;
  return {{nullptr, nullable, nullptr}, &Steps::group, &Steps::plan, &Steps::before, &Steps::after};
}

}  // namespace ascend_emulator
