#include "csrc/profiler/op_observer.h"

#include <ATen/record_function.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>

#include "csrc/core/LaunchObserver.h"
#include "csrc/profiler/op_inputs.h"
#include "csrc/profiler/op_range.h"
#include "csrc/profiler/thread_events.h"

namespace torch_npu::profiler {
namespace {

std::atomic<bool> shapes_wanted{false};
at::CallbackHandle callback = at::INVALID_CALLBACK_HANDLE;

struct OpContext final : at::ObserverContext {
  int64_t start_ns = 0;
  uint64_t start_thread = 0;
  OpInputs inputs;
};

std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction& function) {
  auto context = std::make_unique<OpContext>();
  context->start_thread = thread_events().thread_id;
  if (shapes_wanted.load(std::memory_order_relaxed)) context->inputs = describe(function.inputs());
  context->start_ns = static_cast<int64_t>(c10_npu::launch_clock_ns());
  return context;
}

void on_end(const at::RecordFunction& function, at::ObserverContext* base) {
  const auto end_ns = static_cast<int64_t>(c10_npu::launch_clock_ns());
  const auto* context = static_cast<const OpContext*>(base);
  if (context == nullptr) return;
  static const auto process_id = static_cast<uint64_t>(getpid());
  ThreadEvents& events = thread_events();
  const uint64_t forward = function.forwardThreadId();
  const OpRange range{.start_ns = context->start_ns,
                      .end_ns = end_ns,
                      .sequence = function.seqNr(),
                      .process_id = process_id,
                      .start_thread = context->start_thread,
                      .end_thread = events.thread_id,
                      .forward_thread = forward == 0 ? 0 : thread_of_logical_id(forward),
                      .scope = static_cast<uint8_t>(function.scope()),
                      .is_async = function.isAsync(),
                      .name = function.name(),
                      .dtypes = context->inputs.dtypes,
                      .shapes = context->inputs.shapes};
  const size_t size = encoded_size(range);
  std::byte* out = events.op_ranges.reserve(size);
  if (out == nullptr) return;
  encode(range, out);
  events.op_ranges.commit(size);
}

}  // namespace

void start_observing_ops(bool record_shapes) {
  shapes_wanted.store(record_shapes);
  // Global, not thread local: kernels that other threads launch find their operator too.
  callback = at::addGlobalCallback(
      at::RecordFunctionCallback(on_start, on_end).needsInputs(record_shapes).needsIds(true));
}

void stop_observing_ops() {
  if (callback == at::INVALID_CALLBACK_HANDLE) return;
  at::removeCallback(callback);
  callback = at::INVALID_CALLBACK_HANDLE;
}

}  // namespace torch_npu::profiler
