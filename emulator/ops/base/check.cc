#include "emulator/ops/base/check.h"

#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxOperatorDims = 8;  // documented for every operator of this hardware

aclnnStatus refuse_null(const Function& function, const Parameter& parameter) {
  return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: parameter %s must not be null.", function.name,
              parameter.name);
}

aclnnStatus refuse_dtype(const Function& function, const Parameter& parameter, aclDataType dtype) {
  return fail(
      ACLNN_ERR_PARAM_INVALID,
      "%s: parameter %s has data type %s, which this device does not support. Accepted: %s.",
      function.name, parameter.name, dtype_name(dtype), dtype_names(parameter.dtypes).c_str());
}

aclnnStatus check_tensor(const Function& function, const Parameter& parameter,
                         const aclTensor& tensor) {
  if (parameter.dtypes != 0 && !contains(parameter.dtypes, tensor.dtype)) [[unlikely]] {
    return refuse_dtype(function, parameter, tensor.dtype);
  }
  if (tensor.format == ACL_FORMAT_FRACTAL_NZ && !parameter.takes_nz) [[unlikely]] {
    return fail(ACLNN_ERR_PARAM_INVALID,
                "%s: parameter %s has the memory format FRACTAL_NZ, which this function does not "
                "take. Cast it to ND with aclnnNpuFormatCast.",
                function.name, parameter.name);
  }
  if (tensor.view.size() > kMaxOperatorDims) [[unlikely]] {
    return fail(ACLNN_ERR_PARAM_INVALID,
                "%s: parameter %s has %zu dimensions, this device supports at most %zu.",
                function.name, parameter.name, tensor.view.size(), kMaxOperatorDims);
  }
  return ACLNN_SUCCESS;
}

aclnnStatus check_list(const Function& function, const Parameter& parameter,
                       const aclTensorList& list) {
  for (const aclTensor* tensor : list.elements) {
    if (tensor == nullptr) continue;  // an absent index
    if (aclnnStatus status = check_tensor(function, parameter, *tensor)) return status;
  }
  return ACLNN_SUCCESS;
}

}  // namespace

aclnnStatus check(const Function& function, std::span<const Argument> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Parameter& parameter = function.parameters[i];
    if (!is_handle(parameter.kind)) continue;
    const Argument& argument = arguments[i];
    aclnnStatus status = ACLNN_SUCCESS;
    if (argument.handle == nullptr) {
      if ((function.kernel->nullable >> i & 1) == 0) status = refuse_null(function, parameter);
    } else if (parameter.kind == Kind::kTensor) {
      status = check_tensor(function, parameter, *argument.tensor);
    } else if (parameter.kind == Kind::kTensorList) {
      status = check_list(function, parameter, *argument.tensor_list);
    }
    if (status != ACLNN_SUCCESS) [[unlikely]]
      return status;
  }
  const ShapeRule shapes = function.kernel->shapes;
  return shapes != nullptr ? shapes(function, arguments.data()) : ACLNN_SUCCESS;
}

}  // namespace ascend_emulator
