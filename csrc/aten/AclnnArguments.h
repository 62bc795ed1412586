#pragma once

#include <ATen/core/IListRef.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <c10/util/OptionalArrayRef.h>

#include <array>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aclnn/aclnn_base.h"
#include "csrc/aten/DataType.h"
#include "csrc/core/LaunchHistory.h"
#include "csrc/core/NPUStream.h"

// From PyTorch values to the handles that aclnn functions take. One overload of `convert` per pair
// (aclnn type, PyTorch type), all of them out of line: they are shared by every operator.
namespace at_npu::aclnn {

// One parameter of an aclnn function, as third_party/cann/aclnn/*.yaml has it.
struct Parameter {
  const char* name;
  uint64_t
      dtypes;  // bit per aclDataType that the hardware accepts; 0: not known, nothing is refused
  bool written = false;
  bool takes_nz = false;  // in the format FRACTAL_NZ
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
  explicit Call(const char* name) : name_(name) {
    if (C10_UNLIKELY(c10_npu::records_stacks())) stack_ = c10_npu::gather_stack();
  }

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

  // The same for a tensor that is handed over: messages show its shape.
  void take(const Parameter& parameter, const at::Tensor& tensor) {
    check(parameter, tensor);
    shapes_.add(tensor.scalar_type(), tensor.sizes());
  }

  const char* name() const { return name_; }
  c10::DeviceIndex device() const { return device_; }
  const c10_npu::Shapes& shapes() const { return shapes_; }
  const c10_npu::LaunchStack& stack() const { return stack_; }
  // The current stream of the arguments' device.
  c10_npu::NPUStream stream() const { return c10_npu::getCurrentNPUStream(device_); }
  [[noreturn]] void fail(aclnnStatus status) const;

 private:
  [[noreturn]] void wrong_device(const Parameter& parameter, const at::Tensor& tensor) const;
  [[noreturn]] void wrong_dtype(const Parameter& parameter, at::ScalarType type) const;

  const char* name_;
  c10::DeviceIndex device_ = -1;
  c10_npu::Shapes shapes_;
  c10_npu::LaunchStack stack_;
};

// The second phase of a call, as it waits in the task queue.
struct Launch {
  Call call;
  Launcher launcher;
  aclOpExecutor* executor;
  void* workspace;
  uint64_t workspace_size;
  aclrtStream stream;

  void operator()() const;
};
// Between the phases: the scratch memory is the calling thread's or, on the queue's, the queue's.
Launch make_launch(const Call& call, aclnnStatus prepared, uint64_t workspace_size,
                   aclOpExecutor* executor, Launcher launcher, const c10_npu::NPUStream& stream);
// After a launch was submitted: waits if ASCEND_LAUNCH_BLOCKING says so.
void finish_launch(const c10_npu::NPUStream& stream);

struct Destroy {
  void operator()(const aclTensor* handle) const;
  void operator()(const aclTensorList* handle) const;
  void operator()(const aclScalar* handle) const;
  void operator()(const aclScalarList* handle) const;
  void operator()(const aclIntArray* handle) const;
  void operator()(const aclFloatArray* handle) const;
  void operator()(const aclBoolArray* handle) const;
};
template <class T>
using Handle = std::unique_ptr<T, Destroy>;
using TensorHandle = Handle<aclTensor>;
using TensorListHandle = Handle<aclTensorList>;
using ScalarHandle = Handle<aclScalar>;
using ScalarListHandle = Handle<aclScalarList>;
using IntArrayHandle = Handle<aclIntArray>;
using FloatArrayHandle = Handle<aclFloatArray>;
using BoolArrayHandle = Handle<aclBoolArray>;

// The storage goes along whole: kernels see views through their strides and offset.
TensorHandle describe(const at::Tensor& tensor);

template <class T>
struct To {};

TensorHandle convert(To<aclTensor*>, Call&, const Parameter&, const at::Tensor& tensor);
TensorHandle convert(To<aclTensor*>, Call&, const Parameter&, const std::optional<at::Tensor>&);
inline TensorHandle convert(To<aclTensor*>, Call&, const Parameter&, std::nullopt_t) { return {}; }

TensorListHandle convert(To<aclTensorList*>, Call&, const Parameter&, const at::ITensorListRef&);
TensorListHandle convert(To<aclTensorList*>, Call&, const Parameter&,
                         const c10::List<std::optional<at::Tensor>>&);
// A template, so that a list is not taken for an optional one.
template <std::same_as<std::optional<at::TensorList>> Optional>
TensorListHandle convert(To<aclTensorList*> to, Call& call, const Parameter& parameter,
                         const Optional& tensors) {
  return tensors ? convert(to, call, parameter, at::ITensorListRef(*tensors)) : TensorListHandle();
}
inline TensorListHandle convert(To<aclTensorList*>, Call&, const Parameter&, std::nullopt_t) {
  return {};
}

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

// A string attribute, kept in place: the call may run after the caller's string is gone.
struct Text {
  std::array<char, 32> characters{};
};
Text convert(To<char*>, Call&, const Parameter&, std::string_view text);

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
// aclnn declares its input strings without const.
inline char* raw(const Text& text) { return const_cast<char*>(text.characters.data()); }

}  // namespace at_npu::aclnn
