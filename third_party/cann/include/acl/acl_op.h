// Descriptors and attributes of operators that are compiled at run time, the way before aclnn.
#ifndef ACL_ACL_OP_H_
#define ACL_ACL_OP_H_

#include "acl/acl_base.h"

typedef enum {
  ACL_MEMTYPE_DEVICE = 0,
  ACL_MEMTYPE_HOST = 1,
  ACL_MEMTYPE_HOST_COMPILE_INDEPENDENT = 2,
} aclMemType;

typedef struct aclopAttr aclopAttr;

CANN_BEGIN_DECLS

CANN_API aclDataBuffer* aclCreateDataBuffer(void* data, size_t size);
CANN_API aclError aclDestroyDataBuffer(const aclDataBuffer* dataBuffer);
CANN_API void* aclGetDataBufferAddr(const aclDataBuffer* dataBuffer);
CANN_API size_t aclGetDataBufferSizeV2(const aclDataBuffer* dataBuffer);

CANN_API aclTensorDesc* aclCreateTensorDesc(aclDataType dataType, int numDims, const int64_t* dims,
                                            aclFormat format);
CANN_API void aclDestroyTensorDesc(const aclTensorDesc* desc);
CANN_API void aclSetTensorDescName(aclTensorDesc* desc, const char* name);
CANN_API aclError aclSetTensorFormat(aclTensorDesc* desc, aclFormat format);
CANN_API aclError aclSetTensorShape(aclTensorDesc* desc, int numDims, const int64_t* dims);
CANN_API aclError aclSetTensorPlaceMent(aclTensorDesc* desc, aclMemType memType);
CANN_API aclDataType aclGetTensorDescType(const aclTensorDesc* desc);
CANN_API aclFormat aclGetTensorDescFormat(const aclTensorDesc* desc);
CANN_API size_t aclGetTensorDescNumDims(const aclTensorDesc* desc);
CANN_API aclError aclGetTensorDescDimV2(const aclTensorDesc* desc, size_t index, int64_t* dimSize);

CANN_API aclopAttr* aclopCreateAttr();
CANN_API void aclopDestroyAttr(const aclopAttr* attr);
CANN_API aclError aclopSetAttrBool(aclopAttr* attr, const char* attrName, uint8_t attrValue);
CANN_API aclError aclopSetAttrDataType(aclopAttr* attr, const char* attrName,
                                       aclDataType attrValue);
CANN_API aclError aclopSetAttrFloat(aclopAttr* attr, const char* attrName, float attrValue);
CANN_API aclError aclopSetAttrInt(aclopAttr* attr, const char* attrName, int64_t attrValue);
CANN_API aclError aclopSetAttrString(aclopAttr* attr, const char* attrName, const char* attrValue);
CANN_API aclError aclopSetAttrListBool(aclopAttr* attr, const char* attrName, int numValues,
                                       const uint8_t* values);
CANN_API aclError aclopSetAttrListFloat(aclopAttr* attr, const char* attrName, int numValues,
                                        const float* values);
CANN_API aclError aclopSetAttrListInt(aclopAttr* attr, const char* attrName, int numValues,
                                      const int64_t* values);
CANN_API aclError aclopSetAttrListListInt(aclopAttr* attr, const char* attrName, int numLists,
                                          const int* numValues, const int64_t* const values[]);

CANN_END_DECLS

#endif  // ACL_ACL_OP_H_
