#include "csrc/profiler/op_inputs.h"

#include <ATen/core/Tensor.h>

#include <string_view>

namespace torch_npu::profiler {
namespace {

void append_shape(std::string& out, const at::Tensor& tensor) {
  // Nested and symbolic tensors have no plain sizes to print.
  if (!tensor.defined() || tensor.is_nested() ||
      tensor.unsafeGetTensorImpl()->has_symbolic_sizes_strides()) {
    return;
  }
  const auto sizes = tensor.sizes();
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (i != 0) out += ',';
    out += std::to_string(sizes[i]);
  }
}

std::string_view kind_of(const c10::IValue& value) {
  if (value.isTensorList()) return "TensorList";
  if (value.isScalar()) return "Scalar";
  if (value.isList()) return "ScalarList";
  return "None";
}

}  // namespace

OpInputs describe(c10::ArrayRef<const c10::IValue> inputs) {
  OpInputs result;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (i != 0) {
      result.dtypes += ';';
      result.shapes += ';';
    }
    if (inputs[i].isTensor()) {
      const at::Tensor& tensor = inputs[i].toTensor();
      append_shape(result.shapes, tensor);
      result.dtypes += tensor.defined() ? tensor.dtype().name() : "None";
    } else {
      result.dtypes += kind_of(inputs[i]);
    }
  }
  return result;
}

}  // namespace torch_npu::profiler
