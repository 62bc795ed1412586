// Arguments of aclnn operator functions. Handles are opaque; whoever creates one destroys it, and
// destroying a list destroys its elements.
#ifndef ACLNN_ACLNN_BASE_H_
#define ACLNN_ACLNN_BASE_H_

#include "acl/acl_base.h"

typedef int32_t aclnnStatus;
typedef struct aclOpExecutor aclOpExecutor;
typedef struct aclTensor aclTensor;
typedef struct aclScalar aclScalar;
typedef struct aclIntArray aclIntArray;
typedef struct aclFloatArray aclFloatArray;
typedef struct aclBoolArray aclBoolArray;
typedef struct aclTensorList aclTensorList;
typedef struct aclScalarList aclScalarList;

enum {
  ACLNN_SUCCESS = 0,
  ACLNN_ERR_PARAM_NULLPTR = 161001,
  ACLNN_ERR_PARAM_INVALID = 161002,
  ACLNN_ERR_RUNTIME_ERROR = 361001,
  ACLNN_ERR_INNER = 561000,
};

CANN_BEGIN_DECLS

// `tensorData` is the storage's base address; `offset` and `stride` count elements. `storageDims`
// describe the memory behind the view.
CANN_API aclTensor* aclCreateTensor(const int64_t* viewDims, uint64_t viewDimsNum,
                                    aclDataType dataType, const int64_t* stride, int64_t offset,
                                    aclFormat format, const int64_t* storageDims,
                                    uint64_t storageDimsNum, void* tensorData);
CANN_API aclScalar* aclCreateScalar(void* value, aclDataType dataType);
CANN_API aclIntArray* aclCreateIntArray(const int64_t* value, uint64_t size);
CANN_API aclFloatArray* aclCreateFloatArray(const float* value, uint64_t size);
CANN_API aclBoolArray* aclCreateBoolArray(const bool* value, uint64_t size);
CANN_API aclTensorList* aclCreateTensorList(const aclTensor* const* value, uint64_t size);
CANN_API aclScalarList* aclCreateScalarList(const aclScalar* const* value, uint64_t size);
CANN_API aclnnStatus aclDestroyTensor(const aclTensor* tensor);
CANN_API aclnnStatus aclDestroyScalar(const aclScalar* scalar);
CANN_API aclnnStatus aclDestroyIntArray(const aclIntArray* array);
CANN_API aclnnStatus aclDestroyFloatArray(const aclFloatArray* array);
CANN_API aclnnStatus aclDestroyBoolArray(const aclBoolArray* array);
CANN_API aclnnStatus aclDestroyTensorList(const aclTensorList* array);
CANN_API aclnnStatus aclDestroyScalarList(const aclScalarList* array);

CANN_API aclnnStatus aclGetTensorListSize(const aclTensorList* tensorList, uint64_t* size);

// A repeatable executor outlives its launches and can be launched again, with other addresses in
// its tensors. `index` counts the function's tensors and tensor lists, absent ones included.
CANN_API aclnnStatus aclSetAclOpExecutorRepeatable(aclOpExecutor* executor);
CANN_API aclnnStatus aclDestroyAclOpExecutor(aclOpExecutor* executor);
CANN_API aclnnStatus aclSetTensorAddr(aclOpExecutor* executor, size_t index, aclTensor* tensor,
                                      void* addr);
CANN_API aclnnStatus aclSetDynamicTensorAddr(aclOpExecutor* executor, size_t irIndex,
                                             size_t relativeIndex, aclTensorList* tensors,
                                             void* addr);

// The array comes from `new int64_t[]`; the caller frees it with `delete[]`.
CANN_API aclnnStatus aclGetViewShape(const aclTensor* tensor, int64_t** viewDims,
                                     uint64_t* viewDimsNum);

// Sizes, and the format that CANN chooses, of the memory that aclnnNpuFormatCast fills when it
// brings `srcTensor` into the aclFormat `dstFormat`; the caller frees them with `delete[]`.
// `additionalDtype` is -1 on Atlas A2 and A3.
CANN_API aclnnStatus aclnnNpuFormatCastCalculateSizeAndFormat(const aclTensor* srcTensor,
                                                              int dstFormat, int additionalDtype,
                                                              int64_t** dstShape,
                                                              uint64_t* dstShapeSize,
                                                              int* actualFormat);

CANN_END_DECLS

#endif  // ACLNN_ACLNN_BASE_H_
