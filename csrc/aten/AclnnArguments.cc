#include "csrc/aten/AclnnArguments.h"

#include <c10/util/SmallVector.h>

#include <algorithm>
#include <sstream>

#include "csrc/core/CoreLimits.h"
#include "csrc/core/Env.h"
#include "csrc/core/LaunchObserver.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFormat.h"
#include "csrc/core/NPUWorkspace.h"

namespace at_npu::aclnn {
namespace {

constexpr size_t kInlineTensors = 16;

// Convolutions and pooling read the layout off the format.
aclFormat format_of(int64_t dims) {
  switch (dims) {
    case 3:
      return ACL_FORMAT_NCL;
    case 4:
      return ACL_FORMAT_NCHW;
    case 5:
      return ACL_FORMAT_NCDHW;
    default:
      return ACL_FORMAT_ND;
  }
}

// The list owns its tensors from its creation on.
TensorListHandle own(c10::SmallVectorImpl<TensorHandle>& tensors) {
  c10::SmallVector<const aclTensor*, kInlineTensors> raw_tensors;
  for (TensorHandle& tensor : tensors) raw_tensors.push_back(tensor.release());
  return TensorListHandle(aclCreateTensorList(raw_tensors.data(), raw_tensors.size()));
}

}  // namespace

void Destroy::operator()(const aclTensor* handle) const { aclDestroyTensor(handle); }
void Destroy::operator()(const aclTensorList* handle) const { aclDestroyTensorList(handle); }
void Destroy::operator()(const aclScalar* handle) const { aclDestroyScalar(handle); }
void Destroy::operator()(const aclScalarList* handle) const { aclDestroyScalarList(handle); }
void Destroy::operator()(const aclIntArray* handle) const { aclDestroyIntArray(handle); }
void Destroy::operator()(const aclFloatArray* handle) const { aclDestroyFloatArray(handle); }
void Destroy::operator()(const aclBoolArray* handle) const { aclDestroyBoolArray(handle); }

TensorHandle describe(const at::Tensor& tensor) {
  const c10::Storage& storage = tensor.storage();
  const int64_t elements = static_cast<int64_t>(storage.nbytes() / tensor.itemsize());
  at::IntArrayRef storage_sizes(elements);
  aclFormat format = format_of(tensor.dim());
  if (const auto* memory = c10_npu::formatted_memory(storage.data_ptr())) {
    storage_sizes = memory->storage_sizes;
    format = memory->format;
  }
  return TensorHandle(aclCreateTensor(tensor.sizes().data(), tensor.dim(),
                                      acl_data_type(tensor.scalar_type()), tensor.strides().data(),
                                      tensor.storage_offset(), format, storage_sizes.data(),
                                      storage_sizes.size(), storage.mutable_data()));
}

TensorHandle convert(To<aclTensor*>, Call& call, const Parameter& parameter,
                     const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  call.take(parameter, tensor);
  return describe(tensor);
}

TensorHandle convert(To<aclTensor*> to, Call& call, const Parameter& parameter,
                     const std::optional<at::Tensor>& tensor) {
  return tensor.has_value() ? convert(to, call, parameter, *tensor) : TensorHandle();
}

TensorListHandle convert(To<aclTensorList*>, Call& call, const Parameter& parameter,
                         const at::ITensorListRef& tensors) {
  c10::SmallVector<TensorHandle, kInlineTensors> handles;
  for (const at::Tensor& tensor : tensors) {
    call.take(parameter, tensor);
    handles.push_back(describe(tensor));
  }
  return own(handles);
}

TensorListHandle convert(To<aclTensorList*>, Call& call, const Parameter& parameter,
                         const c10::List<std::optional<at::Tensor>>& tensors) {
  c10::SmallVector<TensorHandle, kInlineTensors> handles;
  for (const std::optional<at::Tensor>& tensor : tensors) {
    handles.push_back(convert(To<aclTensor*>{}, call, parameter, tensor));
  }
  return own(handles);
}

ScalarHandle convert(To<aclScalar*>, Call&, const Parameter&, const at::Scalar& scalar) {
  const auto create = [](auto value, aclDataType type) {
    return ScalarHandle(aclCreateScalar(&value, type));
  };
  if (scalar.isBoolean()) return create(scalar.toBool(), ACL_BOOL);
  if (scalar.isIntegral(false)) return create(scalar.toLong(), ACL_INT64);
  if (scalar.isComplex()) return create(scalar.toComplexDouble(), ACL_COMPLEX128);
  return create(scalar.toDouble(), ACL_DOUBLE);
}

ScalarHandle convert(To<aclScalar*> to, Call& call, const Parameter& parameter,
                     const std::optional<at::Scalar>& scalar) {
  return scalar.has_value() ? convert(to, call, parameter, *scalar) : ScalarHandle();
}

ScalarListHandle convert(To<aclScalarList*>, Call& call, const Parameter& parameter,
                         at::ArrayRef<at::Scalar> scalars) {
  const auto has = [&](aclDataType type) { return (parameter.dtypes >> type & 1) != 0; };
  c10::SmallVector<const aclScalar*, kInlineTensors> handles;
  for (const at::Scalar& scalar : scalars) {
    const bool is_whole = scalar.isIntegral(/*includeBool=*/false) && has(ACL_INT64);
    if (has(ACL_FLOAT) && !has(ACL_DOUBLE) && !is_whole) {
      float number = scalar.toFloat();
      handles.push_back(aclCreateScalar(&number, ACL_FLOAT));
    } else {
      handles.push_back(convert(To<aclScalar*>{}, call, parameter, scalar).release());
    }
  }
  return ScalarListHandle(aclCreateScalarList(handles.data(), handles.size()));
}

IntArrayHandle convert(To<aclIntArray*>, Call&, const Parameter&, at::IntArrayRef values) {
  return IntArrayHandle(aclCreateIntArray(values.data(), values.size()));
}

IntArrayHandle convert(To<aclIntArray*> to, Call& call, const Parameter& parameter,
                       const at::OptionalIntArrayRef& values) {
  return values.has_value() ? convert(to, call, parameter, *values) : IntArrayHandle();
}

FloatArrayHandle convert(To<aclFloatArray*>, Call&, const Parameter&, at::ArrayRef<float> values) {
  return FloatArrayHandle(aclCreateFloatArray(values.data(), values.size()));
}

BoolArrayHandle convert(To<aclBoolArray*>, Call&, const Parameter&, at::ArrayRef<bool> values) {
  return BoolArrayHandle(aclCreateBoolArray(values.data(), values.size()));
}

Text convert(To<char*>, Call& call, const Parameter& parameter, std::string_view value) {
  Text text;
  TORCH_CHECK(value.size() < text.characters.size(), call.name(), ": the text for '",
              parameter.name, "' is longer than ", text.characters.size() - 1, " characters: '",
              value, "'");
  std::ranges::copy(value, text.characters.begin());
  return text;
}

Launch make_launch(const Call& call, aclnnStatus prepared, uint64_t workspace_size,
                   aclOpExecutor* executor, Launcher launcher, const c10_npu::NPUStream& stream) {
  if (C10_UNLIKELY(prepared != ACLNN_SUCCESS)) call.fail(prepared);
  void* workspace = workspace_size == 0 ? nullptr : c10_npu::workspace(workspace_size, stream);
  return {call, launcher, executor, workspace, workspace_size, stream.handle()};
}

void Launch::operator()() const {
  c10_npu::LaunchObserver* observer = c10_npu::launch_observer();
  const uint64_t begin = observer == nullptr ? 0 : c10_npu::launch_clock_ns();
  c10_npu::use_core_limits(stream);
  const aclnnStatus status = launcher(workspace, workspace_size, executor, stream);
  if (C10_UNLIKELY(status != ACLNN_SUCCESS)) call.fail(status);
  c10_npu::remember_launch(call.device(), {call.name(), stream, call.shapes(), call.stack()});
  if (C10_UNLIKELY(observer != nullptr)) {
    observer->on_launch({call.name(), begin, c10_npu::launch_clock_ns(), stream});
  }
}

void finish_launch(const c10_npu::NPUStream& stream) {
  if (C10_UNLIKELY(c10_npu::env::launch_blocking())) stream.synchronize();
}

void Call::fail(aclnnStatus status) const {
  const std::string call = c10::str(name_, "(", shapes_.text(), ")");
  c10_npu::throw_acl_error(status, call.c_str(), {__func__, __FILE__, __LINE__});
}

void Call::wrong_device(const Parameter& parameter, const at::Tensor& tensor) const {
  TORCH_CHECK(device_ < 0, "Expected all tensors to be on the same device, but ", name_,
              " got its argument '", parameter.name, "' on ", tensor.device(),
              " and an earlier one on npu:", static_cast<int>(device_), ".");
  TORCH_CHECK(false, "Expected all tensors to be on the same device, but ", name_,
              " runs on an NPU and got its argument '", parameter.name, "' on ", tensor.device(),
              ". Move it with .npu().");
}

void Call::wrong_dtype(const Parameter& parameter, at::ScalarType type) const {
  std::ostringstream supported;
  const char* separator = "";
  for (int i = 0; i < static_cast<int>(at::ScalarType::NumOptions); ++i) {
    const auto candidate = static_cast<at::ScalarType>(i);
    const aclDataType data_type = acl_data_type(candidate);
    if (data_type == ACL_DT_UNDEFINED || (parameter.dtypes >> data_type & 1) == 0) continue;
    supported << separator << at::toString(candidate);
    separator = ", ";
  }
  TORCH_CHECK_NOT_IMPLEMENTED(false, name_, ": the NPU does not support dtype ", type,
                              " for argument '", parameter.name, "'. Supported: ", supported.str(),
                              ". Convert the tensor first, for example with .to(torch.float32).");
}

}  // namespace at_npu::aclnn
