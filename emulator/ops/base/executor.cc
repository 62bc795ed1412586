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

  // A launch of a repeatable executor: with tensors of its own, because the caller may give the
  // prepared ones other addresses while this one waits in its stream.
  explicit aclOpExecutor(const aclOpExecutor& prepared)
      : aclOpExecutor(prepared.function_, {prepared.arguments_.data(), prepared.function_.size}) {
    for (size_t i = 0; i < function_.size; ++i) {
      if (arguments_[i].handle == nullptr) continue;
      if (function_.parameters[i].kind == Kind::kTensor) {
        replace(arguments_[i].tensor, clone(*arguments_[i].tensor));
      } else if (function_.parameters[i].kind == Kind::kTensorList) {
        auto* list = new aclTensorList;
        for (const aclTensor* tensor : arguments_[i].tensor_list->elements) {
          list->elements.push_back(tensor == nullptr ? nullptr : clone(*tensor));
        }
        replace(arguments_[i].tensor_list, list);
      }
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
  void replace_kernel(std::function<void(const Call&)> body) { body_ = std::move(body); }
  Call call(int device) const { return {function_, arguments_.data(), device}; }

  bool is_repeatable() const { return repeatable_; }
  void make_repeatable() { repeatable_ = true; }

  // The argument that is the function's `index`-th tensor or tensor list; nullptr if it has fewer.
  const Argument* tensor_argument(size_t index) const {
    for (size_t i = 0; i < function_.size; ++i) {
      const Kind kind = function_.parameters[i].kind;
      if (kind != Kind::kTensor && kind != Kind::kTensorList) continue;
      if (index-- == 0) return &arguments_[i];
    }
    return nullptr;
  }

  void describe() {
    details_ = ascend_emulator::describe(function_, arguments_.data());
    info.details = &details_;
  }

  aclError run() override {
    try {
      if (body_) {
        body_(call(device_));
      } else {
        function_.kernel->run(call(device_));
      }
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

  static aclTensor* clone(const aclTensor& tensor) {
    auto* copy = new aclTensor;
    copy->dtype = tensor.dtype;
    copy->format = tensor.format;
    copy->offset = tensor.offset;
    copy->data = tensor.data;
    copy->view.assign(tensor.view.span());
    copy->strides.assign(tensor.strides.span());
    copy->storage.assign(tensor.storage.span());
    return copy;
  }

  template <class T>
  static void replace(const T*& argument, const T* copy) {
    argument->release();
    argument = copy;
  }

  const Function& function_;
  bool repeatable_ = false;
  int device_ = -1;
  std::function<void(const Call&)> body_;
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

aclnnStatus check_executor(const Function& function, aclOpExecutor* executor) {
  if (executor == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: executor must not be null.", function.name);
  }
  if (&executor->function() == &function) return ACLNN_SUCCESS;
  const char* other = executor->function().name;
  finish(executor);
  return fail(ACLNN_ERR_PARAM_INVALID, "%s: the executor was prepared by %s.", function.name,
              other);
}

std::unique_ptr<Task> make_task(const aclOpExecutor& executor, int device,
                                std::function<void(const Call&)> body) {
  auto task = std::make_unique<aclOpExecutor>(executor);
  task->target(device);
  task->replace_kernel(std::move(body));
  if (shapes_enabled.load(std::memory_order_relaxed)) task->describe();
  return task;
}

Call call_of(const aclOpExecutor& executor, int device) { return executor.call(device); }

void finish(aclOpExecutor* executor) {
  if (!executor->is_repeatable()) delete executor;
}

aclnnStatus launch(const Function& function, aclOpExecutor* executor, aclrtStream stream) {
  ApiScope call(Level::kAcl, function.name);
  ApiScope node(Level::kNode, "launch");
  if (aclnnStatus status = check_executor(function, executor)) return status;
  std::unique_ptr<aclOpExecutor> task(executor->is_repeatable() ? new aclOpExecutor(*executor)
                                                                : executor);
  task->target(stream_device(stream));
  if (shapes_enabled.load(std::memory_order_relaxed)) task->describe();
  return enqueue(stream, std::move(task));
}

namespace {

aclnnStatus refuse_null(const char* api) {
  return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: executor and tensor must not be null.", api);
}

}  // namespace
}  // namespace ascend_emulator

extern "C" {

aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor* executor) {
  if (executor == nullptr) return refuse_null("aclSetAclOpExecutorRepeatable");
  executor->make_repeatable();
  return ACLNN_SUCCESS;
}

aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor* executor) {
  delete executor;
  return ACLNN_SUCCESS;
}

aclnnStatus aclSetTensorAddr(aclOpExecutor* executor, size_t index, aclTensor* tensor, void* addr) {
  if (executor == nullptr || tensor == nullptr) return refuse_null("aclSetTensorAddr");
  const Argument* argument = executor->tensor_argument(index);
  if (argument == nullptr || argument->tensor != tensor) {
    return fail(ACLNN_ERR_PARAM_INVALID,
                "aclSetTensorAddr: %s was not prepared with this tensor at index %zu.",
                executor->function().name, index);
  }
  tensor->data = addr;
  return ACLNN_SUCCESS;
}

aclnnStatus aclSetDynamicTensorAddr(aclOpExecutor* executor, size_t irIndex, size_t relativeIndex,
                                    aclTensorList* tensors, void* addr) {
  if (executor == nullptr || tensors == nullptr) return refuse_null("aclSetDynamicTensorAddr");
  const Argument* argument = executor->tensor_argument(irIndex);
  if (argument == nullptr || argument->tensor_list != tensors ||
      relativeIndex >= tensors->elements.size() || tensors->elements[relativeIndex] == nullptr) {
    return fail(ACLNN_ERR_PARAM_INVALID,
                "aclSetDynamicTensorAddr: %s was not prepared with this list at index %zu, or it "
                "has no tensor %zu.",
                executor->function().name, irIndex, relativeIndex);
  }
  const_cast<aclTensor*>(tensors->elements[relativeIndex])->data = addr;
  return ACLNN_SUCCESS;
}

}  // extern "C"
