#pragma once

#include <ATen/core/IListRef.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <c10/util/OptionalArrayRef.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aclnn/aclnn_base.h"
#include "csrc/aten/DataType.h"
#include "csrc/core/NPUStream.h"

// From PyTorch values to the handles that aclnn functions take. One overload of `convert` per pair
// (aclnn type, PyTorch type), all of them out of line: they are shared by every operator.
namespace at_npu::aclnn {

// One parameter of an aclnn function, as third_party/cann/aclnn/*.yaml has it.
struct Parameter {
  const char* name;
  uint64_t
      dtypes;  // bit per aclDataType that the hardware accepts; 0: not known, nothing is refused
};

// The dtype to compute in: float32 where a function has it but lacks bfloat16.
inline at::ScalarType widen(at::ScalarType dtype, const Parameter& parameter) {
  if (C10_LIKELY(dtype != at::kBFloat16) || parameter.dtypes == 0) return dtype;
  const auto accepts = [&](aclDataType type) { return (parameter.dtypes >> type & 1) != 0; };
  return !accepts(ACL_BF16) && accepts(ACL_FLOAT) ? at::kFloat : dtype;
}

using Launcher = aclnnStatus (*)(void*, uint64_t, aclOpExecutor*, aclrtStream);

// What the arguments of one call share: the operator's name and the device they must all be on.
class Call {
 public:
  explicit Call(const char* name) : name_(name) {}

  void check(const Parameter& parameter, const at::Tensor& tensor) {
    if (C10_UNLIKELY(!tensor.is_privateuseone() ||
                     (device_ >= 0 && tensor.device().index() != device_))) {
      wrong_device(parameter, tensor);
    }
    device_ = tensor.device().index();
    const uint64_t bit = uint64_t{1} << (acl_data_type(tensor.scalar_type()) & 63);
    if (C10_UNLIKELY(parameter.dtypes != 0 && (parameter.dtypes & bit) == 0)) {
      wrong_dtype(parameter, tensor.scalar_type());
    }
  }

  // The second phase, on the current stream of the arguments' device.
  void launch(aclnnStatus prepared, uint64_t workspace_size, aclOpExecutor* executor,
              Launcher launcher);

 private:
  [[noreturn]] void fail(aclnnStatus status) const;
  [[noreturn]] void wrong_device(const Parameter& parameter, const at::Tensor& tensor) const;
  [[noreturn]] void wrong_dtype(const Parameter& parameter, at::ScalarType type) const;

  const char* name_;
  c10::DeviceIndex device_ = -1;
};

template <auto destroy>
struct Destroy {
  template <class T>
  void operator()(T* handle) const {
    destroy(handle);
  }
};
using TensorHandle = std::unique_ptr<aclTensor, Destroy<&aclDestroyTensor>>;
using TensorListHandle = std::unique_ptr<aclTensorList, Destroy<&aclDestroyTensorList>>;
using ScalarHandle = std::unique_ptr<aclScalar, Destroy<&aclDestroyScalar>>;
using ScalarListHandle = std::unique_ptr<aclScalarList, Destroy<&aclDestroyScalarList>>;
using IntArrayHandle = std::unique_ptr<aclIntArray, Destroy<&aclDestroyIntArray>>;
using FloatArrayHandle = std::unique_ptr<aclFloatArray, Destroy<&aclDestroyFloatArray>>;
using BoolArrayHandle = std::unique_ptr<aclBoolArray, Destroy<&aclDestroyBoolArray>>;

template <class T>
struct To {};

TensorHandle convert(To<aclTensor*>, Call&, const Parameter&, const at::Tensor& tensor);
TensorHandle convert(To<aclTensor*>, Call&, const Parameter&, const std::optional<at::Tensor>&);
inline TensorHandle convert(To<aclTensor*>, Call&, const Parameter&, std::nullopt_t) { return {}; }

TensorListHandle convert(To<aclTensorList*>, Call&, const Parameter&, const at::ITensorListRef&);
TensorListHandle convert(To<aclTensorList*>, Call&, const Parameter&,
                         const c10::List<std::optional<at::Tensor>>&);

ScalarHandle convert(To<aclScalar*>, Call&, const Parameter&, const at::Scalar& scalar);
ScalarHandle convert(To<aclScalar*>, Call&, const Parameter&, const std::optional<at::Scalar>&);

ScalarListHandle convert(To<aclScalarList*>, Call&, const Parameter&, at::ArrayRef<at::Scalar>);

IntArrayHandle convert(To<aclIntArray*>, Call&, const Parameter&, at::IntArrayRef values);
IntArrayHandle convert(To<aclIntArray*>, Call&, const Parameter&, const at::OptionalIntArrayRef&);
inline IntArrayHandle convert(To<aclIntArray*> to, Call& call, const Parameter& parameter,
                              const c10::SmallVectorImpl<int64_t>& values) {
  return convert(to, call, parameter, at::IntArrayRef(values));
}
FloatArrayHandle convert(To<aclFloatArray*>, Call&, const Parameter&, at::ArrayRef<float> values);
BoolArrayHandle convert(To<aclBoolArray*>, Call&, const Parameter&, at::ArrayRef<bool> values);

inline aclDataType convert(To<aclDataType>, Call&, const Parameter&, at::ScalarType type) {
  return acl_data_type(type);
}

inline char* convert(To<char*>, Call&, const Parameter&, const std::string& text) {
  return const_cast<char*>(text.c_str());  // aclnn declares its input strings without const
}
inline char* convert(To<char*>, Call&, const Parameter&, const char* text) {
  return const_cast<char*>(text);
}

// Plain C values. Braces would forbid the conversions that schemas need (int64_t to int8_t).
template <class T, class Value>
  requires std::is_arithmetic_v<T> && std::is_arithmetic_v<Value>
T convert(To<T>, Call&, const Parameter&, Value value) {
  return static_cast<T>(value);
}

template <class T, class Deleter>
T* raw(const std::unique_ptr<T, Deleter>& handle) {
  return handle.get();
}
template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_pointer_v<T>)
T raw(T value) {
  return value;
}

}  // namespace at_npu::aclnn
