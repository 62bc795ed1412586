#include "emulator/ops/base/executor.h"

#include <algorithm>
#include <array>
#include <exception>
#include <forward_list>
#include <memory>
#include <string>

#include "emulator/ops/base/check.h"
#include "emulator/ops/base/details.h"
#include "emulator/profiling/recorder.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/stream.h"

using namespace ascend_emulator;

// A prepared call, then the stream task that runs it.
struct aclOpExecutor final : public Task, public Pooled<aclOpExecutor> {
 public:
  aclOpExecutor(const Function& function, std::span<const Argument> arguments)
      : function_(function) {
    info.name = function.kernel_name;
    info.type = function.type;
    info.engine = function.engine;
    for (size_t i = 0; i < arguments.size(); ++i) {
      arguments_[i] = arguments[i];
      const Kind kind = function.parameters[i].kind;
      if (is_handle(kind) && arguments[i].handle != nullptr) retain(kind, arguments[i]);
      if (kind == Kind::kString && arguments[i].string != nullptr) keep_string(i);
    }
  }

  ~aclOpExecutor() override {
    for (size_t i = 0; i < function_.size; ++i) {
      const Kind kind = function_.parameters[i].kind;
      if (is_handle(kind) && arguments_[i].handle != nullptr) release(kind, arguments_[i]);
    }
  }

  const Function& function() const { return function_; }

  void target(int device) { device_ = device; }

  void describe() {
    details_ = ascend_emulator::describe(function_, arguments_.data());
    info.details = &details_;
  }

  aclError run() override {
    try {
      function_.kernel->run({function_, arguments_.data(), device_});
      return ACL_SUCCESS;
    } catch (const std::exception& error) {
      return fail(ACL_ERROR_RT_AICORE_EXCEPTION, "%s: %s", function_.name, error.what());
    }
  }

 private:
  template <class Visitor>
  static void visit(Kind kind, const Argument& argument, Visitor visitor) {
    switch (kind) {
      case Kind::kTensor:
        return visitor(*argument.tensor);
      case Kind::kTensorList:
        return visitor(*argument.tensor_list);
      case Kind::kScalar:
        return visitor(*argument.scalar);
      case Kind::kScalarList:
        return visitor(*argument.scalar_list);
      case Kind::kIntArray:
        return visitor(*argument.int_array);
      case Kind::kFloatArray:
        return visitor(*argument.float_array);
      case Kind::kBoolArray:
        return visitor(*argument.bool_array);
      default:
        return;
    }
  }

  static void retain(Kind kind, const Argument& argument) {
    visit(kind, argument, [](const auto& object) { object.retain(); });
  }

  static void release(Kind kind, const Argument& argument) {
    visit(kind, argument, [](const auto& object) { object.release(); });
  }

  void keep_string(size_t i) {
    arguments_[i].string = strings_.emplace_front(arguments_[i].string).c_str();
  }

  const Function& function_;
  int device_ = -1;
  std::array<Argument, kMaxParameters> arguments_;
  std::forward_list<std::string> strings_;
  std::string details_;
};

namespace ascend_emulator {

aclnnStatus prepare(const Function& function, std::span<const Argument> arguments,
                    uint64_t* workspace_size, aclOpExecutor** executor) {
  ApiScope call(Level::kAcl, function.phase1_name);
  if (workspace_size == nullptr || executor == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: workspaceSize and executor must not be null.",
                function.name);
  }
  if (aclnnStatus status = check(function, arguments)) return status;
  *workspace_size = 0;
  *executor = new aclOpExecutor(function, arguments);
  return ACLNN_SUCCESS;
}

aclnnStatus launch(const Function& function, aclOpExecutor* executor, aclrtStream stream) {
  ApiScope call(Level::kAcl, function.name);
  ApiScope node(Level::kNode, "launch");
  if (executor == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: executor must not be null.", function.name);
  }
  std::unique_ptr<aclOpExecutor> task(executor);
  if (&task->function() != &function) {
    return fail(ACLNN_ERR_PARAM_INVALID, "%s: the executor was prepared by %s.", function.name,
                task->function().name);
  }
  task->target(stream_device(stream));
  if (shapes_enabled.load(std::memory_order_relaxed)) task->describe();
  return enqueue(stream, std::move(task));
}

}  // namespace ascend_emulator
