#include <algorithm>

#include "emulator/ops/base/dtype.h"
#include "emulator/ops/base/objects.h"
#include "emulator/runtime/error.h"

using ascend_emulator::fail;

namespace ascend_emulator {

int64_t element_count(std::span<const int64_t> dims) {
  int64_t count = 1;
  for (int64_t dim : dims) count *= dim;
  return count;
}

namespace {

bool valid_dims(const char* what, const int64_t* dims, uint64_t size) {
  if (size > Dims::kCapacity) {
    fail(ACLNN_ERR_PARAM_INVALID,
         "aclCreateTensor: %s has %llu dimensions, at most %zu are possible.", what,
         static_cast<unsigned long long>(size), Dims::kCapacity);
    return false;
  }
  if (size > 0 && dims == nullptr) {
    fail(ACLNN_ERR_PARAM_NULLPTR, "aclCreateTensor: %s is null.", what);
    return false;
  }
  if (std::any_of(dims, dims + size, [](int64_t dim) { return dim < 0; })) {
    fail(ACLNN_ERR_PARAM_INVALID, "aclCreateTensor: %s has a negative dimension.", what);
    return false;
  }
  return true;
}

aclnnStatus copy_dims(const char* function, const aclTensor* tensor, const Dims aclTensor::* member,
                      int64_t** values, uint64_t* size) {
  if (tensor == nullptr || values == nullptr || size == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: tensor and results must not be null.", function);
  }
  const auto dims = (tensor->*member).span();
  *values = new int64_t[dims.size()];
  std::copy(dims.begin(), dims.end(), *values);
  *size = dims.size();
  return ACLNN_SUCCESS;
}

}  // namespace
}  // namespace ascend_emulator

using ascend_emulator::copy_dims;

extern "C" {

aclTensor* aclCreateTensor(const int64_t* viewDims, uint64_t viewDimsNum, aclDataType dataType,
                           const int64_t* stride, int64_t offset, aclFormat format,
                           const int64_t* storageDims, uint64_t storageDimsNum, void* tensorData) {
  if (!ascend_emulator::valid_dims("viewDims", viewDims, viewDimsNum) ||
      !ascend_emulator::valid_dims("storageDims", storageDims, storageDimsNum)) {
    return nullptr;
  }
  auto* tensor = new aclTensor;
  tensor->dtype = dataType;
  tensor->format = format;
  tensor->offset = offset;
  tensor->data = tensorData;
  tensor->view.assign({viewDims, viewDimsNum});
  tensor->storage.assign({storageDims, storageDimsNum});
  if (stride != nullptr) {
    tensor->strides.assign({stride, viewDimsNum});
  } else {
    int64_t contiguous[ascend_emulator::Dims::kCapacity];
    int64_t step = 1;
    for (size_t i = viewDimsNum; i-- > 0; step *= viewDims[i]) contiguous[i] = step;
    tensor->strides.assign({contiguous, viewDimsNum});
  }
  return tensor;
}

aclnnStatus aclDestroyTensor(const aclTensor* tensor) {
  if (tensor != nullptr) tensor->release();
  return ACLNN_SUCCESS;
}

aclnnStatus aclGetViewShape(const aclTensor* tensor, int64_t** viewDims, uint64_t* viewDimsNum) {
  return copy_dims("aclGetViewShape", tensor, &aclTensor::view, viewDims, viewDimsNum);
}

EMULATOR_API aclnnStatus aclGetViewStrides(const aclTensor* tensor, int64_t** strides,
                                           uint64_t* stridesNum) {
  return copy_dims("aclGetViewStrides", tensor, &aclTensor::strides, strides, stridesNum);
}

EMULATOR_API aclnnStatus aclGetStorageShape(const aclTensor* tensor, int64_t** dims,
                                            uint64_t* dimsNum) {
  return copy_dims("aclGetStorageShape", tensor, &aclTensor::storage, dims, dimsNum);
}

EMULATOR_API aclnnStatus aclGetViewOffset(const aclTensor* tensor, int64_t* offset) {
  if (tensor == nullptr || offset == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "aclGetViewOffset: an argument is null.");
  }
  *offset = tensor->offset;
  return ACLNN_SUCCESS;
}

EMULATOR_API aclnnStatus aclGetDataType(const aclTensor* tensor, aclDataType* dataType) {
  if (tensor == nullptr || dataType == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "aclGetDataType: an argument is null.");
  }
  *dataType = tensor->dtype;
  return ACLNN_SUCCESS;
}

EMULATOR_API aclnnStatus aclGetFormat(const aclTensor* tensor, aclFormat* format) {
  if (tensor == nullptr || format == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "aclGetFormat: an argument is null.");
  }
  *format = tensor->format;
  return ACLNN_SUCCESS;
}

}  // extern "C"
