#include "csrc/aten/native/Fallback.h"

#include <ATen/native/CPUFallback.h>
#include <torch/library.h>

#include <mutex>

#include "csrc/core/Capture.h"
#include "csrc/core/Env.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUStream.h"

namespace at_npu {
namespace {

constexpr char kForbid[] = "TORCH_NPU_FALLBACK_CPU_DISABLE";

std::mutex mutex;
std::map<std::string, uint64_t>& counts() {
  static std::map<std::string, uint64_t> counts;
  return counts;
}

std::string full_name(const c10::OperatorHandle& op) {
  const std::string& overload = op.schema().overload_name();
  return overload.empty() ? op.schema().name() : op.schema().name() + "." + overload;
}

// Read at every fallback, which is slow anyway, so that it can be set after the import.
bool is_forbidden() { return c10_npu::env::flag(kForbid); }

uint64_t count(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex);
  return ++counts()[name];
}

// `key`: whose kernel runs; sparse tensors stay sparse on the CPU.
template <c10::DispatchKey key>
void cpu_fallback(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const std::string name = full_name(op);
  TORCH_CHECK_NOT_IMPLEMENTED(!is_forbidden(), "The operator '", name, "' has no NPU kernel, and ",
                              kForbid, "=1 forbids running it on the CPU.");
  for (const c10::IValue& argument : torch::jit::last(*stack, op.schema().arguments().size())) {
    TORCH_CHECK_NOT_IMPLEMENTED(
        !argument.isGenerator() || !argument.toGenerator().device().is_privateuseone(),
        "The operator '", name,
        "' has no NPU kernel, and on the CPU it cannot draw from a generator "
        "of an NPU. Call it on a CPU tensor with a CPU generator.");
  }
  if (c10_npu::is_initialized()) {
    TORCH_CHECK(!c10_npu::is_captured(c10_npu::getCurrentNPUStream()), "The operator '", name,
                "' has no NPU kernel and runs on the CPU, so it cannot be part of a graph. Call it "
                "outside of the capture.");
  }
  if (count(name) == 1) {
    TORCH_WARN("The operator '", name,
               "' has no NPU kernel and runs on the CPU, with copies both ways. "
               "torch.npu.fallback_stats() counts such calls; ",
               kForbid, "=1 makes them errors.");
  }
  at::native::cpu_fallback(op, stack, /*error_on_views=*/false, key);
}

}  // namespace

std::map<std::string, uint64_t> fallback_stats() {
  const std::lock_guard<std::mutex> lock(mutex);
  return counts();
}

void reset_fallback_stats() {
  const std::lock_guard<std::mutex> lock(mutex);
  counts().clear();
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&cpu_fallback<c10::DispatchKey::CPU>>());
}
// What neither PyTorch nor Sparse.cc has for sparse tensors of any device.
TORCH_LIBRARY_IMPL(_, SparsePrivateUse1, m) {
  m.fallback(
      torch::CppFunction::makeFromBoxedFunction<&cpu_fallback<c10::DispatchKey::SparseCPU>>());
}
TORCH_LIBRARY_IMPL(_, SparseCsrPrivateUse1, m) {
  m.fallback(
      torch::CppFunction::makeFromBoxedFunction<&cpu_fallback<c10::DispatchKey::SparseCsrCPU>>());
}

}  // namespace at_npu
