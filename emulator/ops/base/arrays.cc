// Scalars, arrays and lists of the aclnn interface.
#include <cstring>

#include "emulator/ops/base/dtype.h"
#include "emulator/ops/base/objects.h"
#include "emulator/runtime/error.h"

using ascend_emulator::fail;

namespace {

template <class ArrayType, class Value>
ArrayType* create_array(const char* function, const Value* values, uint64_t size) {
  if (size > 0 && values == nullptr) {
    fail(ACLNN_ERR_PARAM_NULLPTR, "%s: value is null, size is %llu.", function,
         static_cast<unsigned long long>(size));
    return nullptr;
  }
  auto* array = new ArrayType;
  array->values.assign(values, values + size);
  return array;
}

// The list takes over the caller's references: destroying it destroys the elements.
template <class ListType, class Element>
ListType* create_list(const char* function, const Element* const* elements, uint64_t size) {
  if (size > 0 && elements == nullptr) {
    fail(ACLNN_ERR_PARAM_NULLPTR, "%s: value is null, size is %llu.", function,
         static_cast<unsigned long long>(size));
    return nullptr;
  }
  auto* list = new ListType;
  list->elements.assign(elements, elements + size);
  return list;
}

template <class Object>
aclnnStatus destroy(const Object* object) {
  if (object != nullptr) object->release();
  return ACLNN_SUCCESS;
}

template <class Object>
aclnnStatus get_size(const char* function, const Object* object, size_t count, uint64_t* size) {
  if (object == nullptr || size == nullptr) {
    return fail(ACLNN_ERR_PARAM_NULLPTR, "%s: an argument is null.", function);
  }
  *size = count;
  return ACLNN_SUCCESS;
}

}  // namespace

extern "C" {

aclScalar* aclCreateScalar(void* value, aclDataType dataType) {
  const size_t size = ascend_emulator::dtype_size(dataType);
  if (value == nullptr || size == 0) {
    fail(value == nullptr ? ACLNN_ERR_PARAM_NULLPTR : ACLNN_ERR_PARAM_INVALID,
         "aclCreateScalar: value %p of type %s cannot be a scalar.", value,
         ascend_emulator::dtype_name(dataType));
    return nullptr;
  }
  auto* scalar = new aclScalar;
  scalar->dtype = dataType;
  std::memcpy(scalar->value.data(), value, size);
  return scalar;
}

aclIntArray* aclCreateIntArray(const int64_t* value, uint64_t size) {
  return create_array<aclIntArray>("aclCreateIntArray", value, size);
}

aclFloatArray* aclCreateFloatArray(const float* value, uint64_t size) {
  return create_array<aclFloatArray>("aclCreateFloatArray", value, size);
}

aclBoolArray* aclCreateBoolArray(const bool* value, uint64_t size) {
  return create_array<aclBoolArray>("aclCreateBoolArray", value, size);
}

aclTensorList* aclCreateTensorList(const aclTensor* const* value, uint64_t size) {
  return create_list<aclTensorList>("aclCreateTensorList", value, size);
}

aclScalarList* aclCreateScalarList(const aclScalar* const* value, uint64_t size) {
  return create_list<aclScalarList>("aclCreateScalarList", value, size);
}

aclnnStatus aclDestroyScalar(const aclScalar* scalar) { return destroy(scalar); }
aclnnStatus aclDestroyIntArray(const aclIntArray* array) { return destroy(array); }
aclnnStatus aclDestroyFloatArray(const aclFloatArray* array) { return destroy(array); }
aclnnStatus aclDestroyBoolArray(const aclBoolArray* array) { return destroy(array); }
aclnnStatus aclDestroyTensorList(const aclTensorList* list) { return destroy(list); }
aclnnStatus aclDestroyScalarList(const aclScalarList* list) { return destroy(list); }

EMULATOR_API aclnnStatus aclGetIntArraySize(const aclIntArray* array, uint64_t* size) {
  return get_size("aclGetIntArraySize", array, array ? array->values.size() : 0, size);
}

EMULATOR_API aclnnStatus aclGetFloatArraySize(const aclFloatArray* array, uint64_t* size) {
  return get_size("aclGetFloatArraySize", array, array ? array->values.size() : 0, size);
}

EMULATOR_API aclnnStatus aclGetBoolArraySize(const aclBoolArray* array, uint64_t* size) {
  return get_size("aclGetBoolArraySize", array, array ? array->values.size() : 0, size);
}

aclnnStatus aclGetTensorListSize(const aclTensorList* list, uint64_t* size) {
  return get_size("aclGetTensorListSize", list, list ? list->elements.size() : 0, size);
}

EMULATOR_API aclnnStatus aclGetScalarListSize(const aclScalarList* list, uint64_t* size) {
  return get_size("aclGetScalarListSize", list, list ? list->elements.size() : 0, size);
}

}  // extern "C"
