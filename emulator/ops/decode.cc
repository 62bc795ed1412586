#include "emulator/ops/decode.h"

#include <ATen/ops/from_blob.h>
#include <c10/core/StorageImpl.h>
#include <c10/core/TensorImpl.h>

#include <complex>
#include <cstring>
#include <utility>
#include <vector>

#include "emulator/ops/base/details.h"
#include "emulator/ops/fractal.h"
#include "emulator/runtime/memory.h"

namespace ascend_emulator {
namespace {

struct TypePair {
  aclDataType dtype;
  ScalarType type;
};

constexpr TypePair kTypes[] = {
    {ACL_FLOAT, at::kFloat},
    {ACL_FLOAT16, at::kHalf},
    {ACL_INT8, at::kChar},
    {ACL_INT32, at::kInt},
    {ACL_UINT8, at::kByte},
    {ACL_INT16, at::kShort},
    {ACL_UINT16, at::kUInt16},
    {ACL_UINT32, at::kUInt32},
    {ACL_INT64, at::kLong},
    {ACL_UINT64, at::kUInt64},
    {ACL_DOUBLE, at::kDouble},
    {ACL_BOOL, at::kBool},
    {ACL_COMPLEX64, at::kComplexFloat},
    {ACL_COMPLEX128, at::kComplexDouble},
    {ACL_BF16, at::kBFloat16},
    {ACL_COMPLEX32, at::kComplexHalf},
    {ACL_FLOAT8_E5M2, at::kFloat8_e5m2},
    {ACL_FLOAT8_E4M3FN, at::kFloat8_e4m3fn},
};

// Bytes that the view needs from the storage's beginning.
int64_t extent(const aclTensor& tensor, size_t item_size) {
  int64_t last = tensor.offset;
  for (size_t i = 0; i < tensor.view.size(); ++i) {
    TORCH_CHECK(tensor.strides[i] >= 0, "stride ", tensor.strides[i], " is negative");
    last += (tensor.view[i] - 1) * tensor.strides[i];
  }
  return (last + 1) * static_cast<int64_t>(item_size);
}

// The storage lies in the emulator's private mapping and cannot grow.
c10::Storage map_storage(const Call& call, const char* name, const aclTensor& tensor,
                         size_t item_size) {
  DeviceSpan span{nullptr, call.device, 0};
  if (element_count(tensor.view.span()) > 0) {
    TORCH_CHECK(resolve(tensor.data, &span), "parameter ", name, " at ", tensor.data,
                " is not in a live block of device memory. Pass memory from aclrtMalloc and keep "
                "it until the stream has run the call.");
    TORCH_CHECK(span.device == call.device, "parameter ", name, " at ", tensor.data,
                " belongs to device ", span.device, ", the stream to device ", call.device, ".");
    const int64_t needed = extent(tensor, item_size);
    TORCH_CHECK(tensor.offset >= 0 && needed <= static_cast<int64_t>(span.size), "parameter ", name,
                " of shape ", to_string(tensor.view.span()), ", strides ",
                to_string(tensor.strides.span()), " and offset ", tensor.offset, " needs ", needed,
                " bytes from ", tensor.data, ", its block ends after ", span.size, ".");
  }
  return c10::Storage(c10::make_intrusive<c10::StorageImpl>(
      c10::StorageImpl::use_byte_size_t(), span.size,
      c10::DataPtr(span.alias, c10::Device(c10::kCPU)), nullptr, /*resizable=*/false));
}

Tensor view(const Call& call, const char* name, const aclTensor& tensor);

// FRACTAL_NZ memory, contiguous in its own dimensions.
Tensor fractal_memory(const Call& call, const char* name, const aclTensor& tensor) {
  TORCH_CHECK(tensor.storage.size() == tensor.view.size() + 2, "parameter ", name, " of shape ",
              to_string(tensor.view.span()),
              " is FRACTAL_NZ: its storage needs two dimensions more, ", "not ",
              to_string(tensor.storage.span()), ".");
  aclTensor memory;
  memory.dtype = tensor.dtype;
  memory.data = tensor.data;
  memory.view.assign(tensor.storage.span());
  c10::DimVector strides(tensor.storage.size(), 1);
  for (size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * tensor.storage[i];
  memory.strides.assign({strides.data(), strides.size()});
  return view(call, name, memory);
}

// The rows of a FRACTAL_NZ tensor, or of the transposed one: other views are not in blocks.
Tensor rows_of(const Call& call, const char* name, const aclTensor& tensor) {
  const auto view = tensor.view.span();
  const size_t last = view.size() - 1;
  const bool is_transposed = tensor.strides[last] != 1 && tensor.strides[last - 1] == 1;
  std::vector<int64_t> sizes(view.begin(), view.end());
  if (is_transposed) std::swap(sizes[last], sizes[last - 1]);
  TORCH_CHECK(
      tensor.offset == 0 && (is_transposed || tensor.strides[last] == 1 || sizes[last] == 1),
      "parameter ", name, " is FRACTAL_NZ and a view that is neither whole nor transposed.");
  const Tensor rows = from_fractal(fractal_memory(call, name, tensor), sizes);
  return is_transposed ? rows.transpose(-1, -2) : rows;
}

Tensor view(const Call& call, const char* name, const aclTensor& tensor) {
  if (tensor.format == ACL_FORMAT_FRACTAL_NZ) return rows_of(call, name, tensor);
  const auto type = c10::scalarTypeToTypeMeta(scalar_type(tensor.dtype));
  Tensor result =
      at::detail::make_tensor<c10::TensorImpl>(map_storage(call, name, tensor, type.itemsize()),
                                               c10::DispatchKeySet(c10::DispatchKey::CPU), type);
  const auto view = tensor.view.span(), strides = tensor.strides.span();
  result.unsafeGetTensorImpl()->set_sizes_and_strides(
      {view.data(), view.size()}, {strides.data(), strides.size()}, tensor.offset);
  return result;
}

void verify(const char* name, const aclTensor& handle, const Tensor& tensor) {
  const auto dims = handle.view.span();
  TORCH_CHECK(tensor.sizes().equals({dims.data(), dims.size()}), "parameter ", name, " has shape ",
              to_string(dims), ", the result has shape ", tensor.sizes(), ".");
}

template <class Value>
Value read(const aclScalar& scalar) {
  Value value;
  std::memcpy(&value, scalar.value.data(), sizeof value);
  return value;
}

}  // namespace

ScalarType scalar_type(aclDataType dtype) {
  for (const TypePair& pair : kTypes) {
    if (pair.dtype == dtype) return pair.type;
  }
  TORCH_CHECK(false, "data type ", dtype_name(dtype), " (", static_cast<int>(dtype),
              ") is not emulated.");
}

Tensor decode_tensor(const Call& call, size_t index) {
  return view(call, call.function.parameters[index].name, *call.arguments[index].tensor);
}

StoredTensor decode_stored(const Call& call, size_t index) {
  const char* name = call.function.parameters[index].name;
  const aclTensor& tensor = *call.arguments[index].tensor;
  const auto sizes = tensor.view.span();
  const bool is_fractal = tensor.format == ACL_FORMAT_FRACTAL_NZ;
  return {tensor.format, is_fractal ? fractal_memory(call, name, tensor) : view(call, name, tensor),
          c10::DimVector(sizes.begin(), sizes.end())};
}

OptionalTensor decode_optional_tensor(const Call& call, size_t index) {
  if (call.arguments[index].tensor == nullptr) return std::nullopt;
  return decode_tensor(call, index);
}

Tensors decode_tensors(const Call& call, size_t index) {
  Tensors tensors;
  const auto& elements = call.arguments[index].tensor_list->elements;
  tensors.reserve(elements.size());
  for (const aclTensor* element : elements) {
    tensors.push_back(element ? view(call, call.function.parameters[index].name, *element)
                              : Tensor());
  }
  return tensors;
}

Scalar decode_scalar(const aclScalar& scalar) {
  switch (scalar.dtype) {
    case ACL_FLOAT:
      return read<float>(scalar);
    case ACL_DOUBLE:
      return read<double>(scalar);
    case ACL_FLOAT16:
      return read<c10::Half>(scalar);
    case ACL_BF16:
      return read<c10::BFloat16>(scalar);
    case ACL_BOOL:
      return read<uint8_t>(scalar) != 0;
    case ACL_INT8:
      return read<int8_t>(scalar);
    case ACL_UINT8:
      return read<uint8_t>(scalar);
    case ACL_INT16:
      return read<int16_t>(scalar);
    case ACL_UINT16:
      return read<uint16_t>(scalar);
    case ACL_INT32:
      return read<int32_t>(scalar);
    case ACL_UINT32:
      return read<uint32_t>(scalar);
    case ACL_INT64:
      return read<int64_t>(scalar);
    case ACL_UINT64:
      return read<uint64_t>(scalar);
    case ACL_COMPLEX64:
      return read<c10::complex<float>>(scalar);
    case ACL_COMPLEX128:
      return read<c10::complex<double>>(scalar);
    default:
      TORCH_CHECK(false, "a scalar of data type ", dtype_name(scalar.dtype), " is not emulated.");
  }
}

Scalars decode_scalars(const Call& call, size_t index) {
  Scalars scalars;
  for (const aclScalar* scalar : call.arguments[index].scalar_list->elements) {
    TORCH_CHECK(scalar != nullptr, "parameter ", call.function.parameters[index].name,
                " has a null element.");
    scalars.push_back(decode_scalar(*scalar));
  }
  return scalars;
}

void verify_output(const Call& call, size_t index, const Tensor& tensor) {
  verify(call.function.parameters[index].name, *call.arguments[index].tensor, tensor);
}

void verify_outputs(const Call& call, size_t index, const Tensors& tensors) {
  const auto& elements = call.arguments[index].tensor_list->elements;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (elements[i] == nullptr) continue;
    verify(call.function.parameters[index].name, *elements[i], tensors[i]);
  }
}

DynamicTensor::DynamicTensor(const Call& call, size_t index)
    : name_(call.function.parameters[index].name),
      handle_(const_cast<aclTensor*>(call.arguments[index].tensor)),
      capacity_(decode_tensor(call, index)) {}

void DynamicTensor::set(const Tensor& value) {
  TORCH_CHECK(value.numel() <= capacity_.numel(), "parameter ", name_, " has room for ",
              capacity_.numel(), " elements, the result has ", value.numel(), ".");
  Tensor target = capacity_.as_strided(value.sizes(), value.contiguous().strides());
  target.copy_(value);
  handle_->view.assign({value.sizes().data(), value.sizes().size()});
  handle_->strides.assign({target.strides().data(), target.strides().size()});
}

}  // namespace ascend_emulator
