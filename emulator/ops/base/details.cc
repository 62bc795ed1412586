#include "emulator/ops/base/details.h"

namespace ascend_emulator {
namespace {

// One of the two halves: shapes, data types, formats; tensors separated by ';'.
class Side {
 public:
  void add(const aclTensor& tensor) {
    const char* separator = count_++ == 0 ? "" : ";";
    shapes_ += separator;
    for (size_t i = 0; i < tensor.view.size(); ++i) {
      if (i > 0) shapes_ += ',';
      shapes_ += std::to_string(tensor.view[i]);
    }
    dtypes_.append(separator).append(dtype_name(tensor.dtype));
    formats_.append(separator).append(format_name(tensor.format));
  }

  std::string join() const { return shapes_ + '|' + dtypes_ + '|' + formats_; }

 private:
  size_t count_ = 0;
  std::string shapes_, dtypes_, formats_;
};

}  // namespace

std::string describe(const Function& function, const Argument* arguments) {
  Side inputs, outputs;
  const auto add = [&](const Parameter& parameter, const aclTensor* tensor) {
    if (tensor == nullptr) return;
    if (parameter.input) inputs.add(*tensor);
    if (parameter.output) outputs.add(*tensor);
  };
  for (size_t i = 0; i < function.size; ++i) {
    const Parameter& parameter = function.parameters[i];
    if (parameter.kind == Kind::kTensor) {
      add(parameter, arguments[i].tensor);
    } else if (parameter.kind == Kind::kTensorList && arguments[i].tensor_list != nullptr) {
      for (const aclTensor* tensor : arguments[i].tensor_list->elements) add(parameter, tensor);
    }
  }
  return inputs.join() + '|' + outputs.join();
}

std::string to_string(std::span<const int64_t> dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(dims[i]);
  }
  return text + ']';
}

}  // namespace ascend_emulator
