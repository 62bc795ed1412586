#include <new>
#include <string>
#include <vector>

#include "acl/acl_op.h"
#include "emulator/runtime/error.h"

using ascend_emulator::fail;

struct aclDataBuffer {
  void* data;
  size_t size;
};

struct aclTensorDesc {
  aclDataType type;
  aclFormat format;
  std::vector<int64_t> dims;
  std::string name;
  aclMemType placement = ACL_MEMTYPE_DEVICE;
};

namespace {

bool valid_shape(int numDims, const int64_t* dims) {
  return numDims == 0 || (numDims > 0 && dims != nullptr);
}

aclError fail_desc(const char* api) {
  return fail(ACL_ERROR_INVALID_PARAM, "%s: desc is null, or a value is out of range", api);
}

}  // namespace

aclDataBuffer* aclCreateDataBuffer(void* data, size_t size) {
  return new (std::nothrow) aclDataBuffer{data, size};
}

aclError aclDestroyDataBuffer(const aclDataBuffer* dataBuffer) {
  if (dataBuffer == nullptr) {
    return fail(ACL_ERROR_INVALID_PARAM, "aclDestroyDataBuffer: dataBuffer is null");
  }
  delete dataBuffer;
  return ACL_SUCCESS;
}

void* aclGetDataBufferAddr(const aclDataBuffer* dataBuffer) {
  return dataBuffer == nullptr ? nullptr : dataBuffer->data;
}

size_t aclGetDataBufferSizeV2(const aclDataBuffer* dataBuffer) {
  return dataBuffer == nullptr ? 0 : dataBuffer->size;
}

aclTensorDesc* aclCreateTensorDesc(aclDataType dataType, int numDims, const int64_t* dims,
                                   aclFormat format) {
  if (!valid_shape(numDims, dims)) {
    fail_desc("aclCreateTensorDesc");
    return nullptr;
  }
  return new aclTensorDesc{dataType, format, std::vector<int64_t>(dims, dims + numDims), {}};
}

void aclDestroyTensorDesc(const aclTensorDesc* desc) { delete desc; }

void aclSetTensorDescName(aclTensorDesc* desc, const char* name) {
  if (desc != nullptr && name != nullptr) desc->name = name;
}

aclError aclSetTensorFormat(aclTensorDesc* desc, aclFormat format) {
  if (desc == nullptr) return fail_desc("aclSetTensorFormat");
  desc->format = format;
  return ACL_SUCCESS;
}

aclError aclSetTensorShape(aclTensorDesc* desc, int numDims, const int64_t* dims) {
  if (desc == nullptr || !valid_shape(numDims, dims)) return fail_desc("aclSetTensorShape");
  desc->dims.assign(dims, dims + numDims);
  return ACL_SUCCESS;
}

aclError aclSetTensorPlaceMent(aclTensorDesc* desc, aclMemType memType) {
  if (desc == nullptr) return fail_desc("aclSetTensorPlaceMent");
  desc->placement = memType;
  return ACL_SUCCESS;
}

aclDataType aclGetTensorDescType(const aclTensorDesc* desc) {
  return desc == nullptr ? ACL_DT_UNDEFINED : desc->type;
}

aclFormat aclGetTensorDescFormat(const aclTensorDesc* desc) {
  return desc == nullptr ? ACL_FORMAT_UNDEFINED : desc->format;
}

size_t aclGetTensorDescNumDims(const aclTensorDesc* desc) {
  return desc == nullptr ? 0 : desc->dims.size();
}

aclError aclGetTensorDescDimV2(const aclTensorDesc* desc, size_t index, int64_t* dimSize) {
  if (desc == nullptr || dimSize == nullptr || index >= desc->dims.size()) {
    return fail_desc("aclGetTensorDescDimV2");
  }
  *dimSize = desc->dims[index];
  return ACL_SUCCESS;
}
