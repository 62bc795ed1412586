#include "csrc/aten/vendor/NotDifferentiable.h"

#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/VariableTypeUtils.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <memory>
#include <string>

// PyTorch's own fallback for this takes tensors that are written after a `*` for out=, which it
// refuses at the call, and forgets those that are written and not returned. Caches are both.
namespace at_npu::vendor {
namespace {

using torch::autograd::isDifferentiableType;
using torch::autograd::variable_list;

template <class Function>
void for_each_tensor(const c10::IValue& value, const Function& function) {
  if (value.isTensor()) {
    if (value.toTensor().defined()) function(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) function(tensor);
  }
}

class NotDifferentiable final : public c10::OperatorKernel {
 public:
  void operator()(const c10::OperatorHandle& op, c10::DispatchKeySet keys,
                  torch::jit::Stack* stack) {
    const auto& schema = op.schema();
    const std::string& name = schema.operator_name().name;
    const bool grad_mode = at::GradMode::is_enabled();
    variable_list inputs, written;
    const auto arguments = torch::jit::last(*stack, schema.arguments().size());
    for (size_t i = 0; i < arguments.size(); ++i) {
      const auto* alias = schema.arguments()[i].alias_info();
      for_each_tensor(arguments[i], [&](const at::Tensor& tensor) {
        TORCH_CHECK_NOT_IMPLEMENTED(!tensor._fw_grad(/*level=*/0).defined(), name,
                                    " has no forward-mode derivative.");
        if (grad_mode && tensor.requires_grad()) inputs.push_back(tensor);
        if (alias != nullptr && alias->isWrite()) written.push_back(tensor);
      });
    }
    if (!inputs.empty()) {
      for (const at::Tensor& tensor : written) torch::autograd::check_inplace(tensor, true);
    }
    {
      const at::AutoDispatchBelowADInplaceOrView guard;
      op.redispatchBoxed(keys & c10::after_autograd_keyset, stack);
    }
    for (const at::Tensor& tensor : written) {
      if (!tensor.is_inference()) torch::autograd::increment_version(tensor);
    }
    if (inputs.empty()) return;
    // Before what is written has a history of its own. Each tensor gets a node: one node would take
    // the gradients of all for that of the first.
    const torch::autograd::edge_list edges = torch::autograd::collect_next_edges(inputs);
    const auto make_node = [&] {
      return c10::make_intrusive<torch::autograd::NotImplemented>(
          name, torch::autograd::edge_list(edges));
    };
    for (const at::Tensor& tensor : written) {
      if (isDifferentiableType(tensor.scalar_type())) {
        torch::autograd::rebase_history(tensor, make_node());
      }
    }
    const auto results = torch::jit::last(*stack, schema.returns().size());
    for (size_t i = 0; i < results.size(); ++i) {
      if (schema.returns()[i].alias_info() != nullptr) continue;
      for_each_tensor(results[i], [&](const at::Tensor& tensor) {
        if (isDifferentiableType(tensor.scalar_type()))
          torch::autograd::set_history(tensor, make_node());
      });
    }
  }
};

}  // namespace

void refuse_backward(torch::Library& library, std::initializer_list<const char*> ops) {
  for (const char* op : ops) {
    library.impl(op,
                 torch::CppFunction::makeFromBoxedFunctor(std::make_unique<NotDifferentiable>()));
  }
}

}  // namespace at_npu::vendor
