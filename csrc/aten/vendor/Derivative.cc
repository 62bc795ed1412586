#include "csrc/aten/vendor/Derivative.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <algorithm>
#include <memory>
#include <mutex>

namespace at_npu::vendor {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;
using Kind = Source::Kind;

// An argument of the operator or one of its results, kept for the backward.
struct Saved {
  SavedVariable tensor;
  c10::IValue other;  // what is no tensor
  bool is_tensor = false;

  Saved() = default;
  Saved(const c10::IValue& value, bool is_output) : is_tensor(value.isTensor()) {
    if (is_tensor) {
      tensor = SavedVariable(value.toTensor(), is_output);
    } else {
      other = value;
    }
  }
};

class VendorBackward : public torch::autograd::Node {
 public:
  VendorBackward(const Derivative& derivative, const c10::OperatorHandle& backward)
      : derivative_(derivative), backward_(backward), saved_(derivative.arguments.size()) {}

  std::string name() const override { return derivative_.backward; }

  void save(Kind kind, at::ArrayRef<c10::IValue> values) {
    for (size_t i = 0; i < saved_.size(); ++i) {
      const Source& source = derivative_.arguments[i];
      if (source.kind == kind) saved_[i] = Saved(values[source.index], kind == Kind::kOutput);
    }
  }

  void release_variables() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Saved& saved : saved_) saved.tensor.reset_data();
  }

  variable_list apply(variable_list&& grads) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    variable_list result(num_outputs());
    if (std::ranges::none_of(grads, [](const at::Tensor& grad) { return grad.defined(); })) {
      return result;
    }
    torch::jit::Stack stack;
    const auto& arguments = backward_.schema().arguments();
    for (size_t i = 0; i < saved_.size(); ++i) {
      stack.push_back(argument(i, arguments[i], grads));
    }
    backward_.callBoxed(stack);
    size_t edge = 0;
    for (size_t i = 0; i < derivative_.inputs.size(); ++i) {
      if (derivative_.inputs[i] < 0) continue;
      if (should_compute_output(edge)) result[edge] = stack[i].toTensor();
      ++edge;
    }
    return result;
  }

 private:
  c10::IValue argument(size_t i, const c10::Argument& argument, const variable_list& grads) {
    const Source& source = derivative_.arguments[i];
    if (source.kind == Kind::kDefault) return argument.default_value().value();
    if (source.kind != Kind::kGrad) {
      return saved_[i].is_tensor ? saved_[i].tensor.unpack(getptr()) : saved_[i].other;
    }
    if (grads[source.index].defined()) return grads[source.index];
    // A result that the loss does not depend on.
    if (argument.type()->kind() == c10::TypeKind::OptionalType) return {};
    return input_metadata(source.index).zeros_like();
  }

  const Derivative& derivative_;
  c10::OperatorHandle backward_;
  std::vector<Saved> saved_;
};

using Node = c10::intrusive_ptr<VendorBackward>;

class AutogradKernel final : public c10::OperatorKernel {
 public:
  explicit AutogradKernel(const Derivative& derivative) : derivative_(derivative) {}

  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys,
                  torch::jit::Stack* stack) {
    const auto inputs = torch::jit::last(*stack, op.schema().arguments().size());
    const Node node = at::GradMode::is_enabled() ? start(inputs) : Node();
    {
      const at::AutoDispatchBelowADInplaceOrView guard;
      op.redispatchBoxed(keys & c10::after_autograd_keyset, stack);
    }
    if (!node) return;
    const auto outputs = torch::jit::last(*stack, op.schema().returns().size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].isTensor()) connect(outputs[i].toTensor(), node, i);
    }
    node->save(Kind::kOutput, outputs);
  }

 private:
  // Null if no argument requires a gradient.
  Node start(at::ArrayRef<c10::IValue> inputs) {
    variable_list differentiable;
    bool requires_grad = false;
    for (const int input : derivative_.inputs) {
      if (input < 0) continue;
      const bool absent = inputs[input].isNone();
      const at::Tensor tensor = absent ? at::Tensor() : inputs[input].toTensor();
      requires_grad = requires_grad || (tensor.defined() && tensor.requires_grad());
      TORCH_CHECK_NOT_IMPLEMENTED(!tensor.defined() || !tensor._fw_grad(/*level=*/0).defined(),
                                  derivative_.op,
                                  " has no forward-mode derivative. Use backward().");
      differentiable.push_back(tensor);
    }
    if (!requires_grad) return {};
    const auto node = c10::make_intrusive<VendorBackward>(derivative_, backward());
    node->set_next_edges(torch::autograd::collect_next_edges(differentiable));
    node->save(Kind::kInput, inputs);
    return node;
  }

  // Nothing flows back through a result whose gradient the formula does not take.
  void connect(const at::Tensor& tensor, const Node& node, size_t i) {
    const bool flows = std::ranges::any_of(derivative_.arguments, [&](const Source& source) {
      return source.kind == Kind::kGrad && source.index == i;
    });
    if (flows) {
      torch::autograd::set_history(tensor, node);
    } else {
      node->add_input_metadata(torch::autograd::Node::undefined_input());
    }
  }

  const c10::OperatorHandle& backward() {
    // Looked up once there is need: all operators are defined by then.
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    if (!backward_) {
      backward_ = c10::Dispatcher::singleton().findSchemaOrThrow(derivative_.backward, "");
    }
    return *backward_;
  }

  const Derivative& derivative_;
  std::optional<c10::OperatorHandle> backward_;
};

}  // namespace

void implement(torch::Library& library, const Derivative& derivative) {
  const std::string_view name = std::string_view(derivative.op).substr(sizeof("npu::") - 1);
  library.impl(std::string(name).c_str(), torch::CppFunction::makeFromBoxedFunctor(
                                              std::make_unique<AutogradKernel>(derivative)));
}

}  // namespace at_npu::vendor
