#include "csrc/aten/vendor/Unavailable.h"

#include <memory>

namespace at_npu::vendor {
namespace {

class Refusal final : public c10::OperatorKernel {
 public:
  explicit Refusal(const Unavailable& op) : op_(op) {}

  void operator()(const c10::OperatorHandle&, c10::DispatchKeySet, torch::jit::Stack*) {
    TORCH_CHECK_NOT_IMPLEMENTED(false, op_.op, ": Atlas A2 does not have it: ", op_.function,
                                " is there on ", op_.only_on, " only. Use ", op_.instead, ".");
  }

 private:
  const Unavailable& op_;
};

}  // namespace

void implement(torch::Library& library, const Unavailable& op) {
  library.impl(op.op, torch::CppFunction::makeFromBoxedFunctor(std::make_unique<Refusal>(op)));
}

}  // namespace at_npu::vendor
