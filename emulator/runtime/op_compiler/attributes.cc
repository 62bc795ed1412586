#include <set>
#include <string>

#include "acl/acl_op_compiler.h"
#include "emulator/runtime/error.h"

using ascend_emulator::fail;

// Nothing reads the values, since aclopCompileAndExecute refuses every operator; the names are
// checked so that wrong calls do not go unnoticed.
struct aclopAttr {
  std::set<std::string> names;
};

namespace {

aclError set(const char* api, aclopAttr* attr, const char* name, const void* value) {
  if (attr == nullptr || name == nullptr || value == nullptr) {
    return fail(ACL_ERROR_INVALID_PARAM, "%s: a null pointer", api);
  }
  attr->names.insert(name);
  return ACL_SUCCESS;
}

aclError set_list(const char* api, aclopAttr* attr, const char* name, int count,
                  const void* values) {
  if (count < 0) return fail(ACL_ERROR_INVALID_PARAM, "%s: %d values", api, count);
  return set(api, attr, name, count == 0 ? api : values);
}

}  // namespace

aclopAttr* aclopCreateAttr() { return new aclopAttr; }

void aclopDestroyAttr(const aclopAttr* attr) { delete attr; }

aclError aclopSetAttrBool(aclopAttr* attr, const char* attrName, uint8_t attrValue) {
  return set("aclopSetAttrBool", attr, attrName, &attrValue);
}

aclError aclopSetAttrDataType(aclopAttr* attr, const char* attrName, aclDataType attrValue) {
  return set("aclopSetAttrDataType", attr, attrName, &attrValue);
}

aclError aclopSetAttrFloat(aclopAttr* attr, const char* attrName, float attrValue) {
  return set("aclopSetAttrFloat", attr, attrName, &attrValue);
}

aclError aclopSetAttrInt(aclopAttr* attr, const char* attrName, int64_t attrValue) {
  return set("aclopSetAttrInt", attr, attrName, &attrValue);
}

aclError aclopSetAttrString(aclopAttr* attr, const char* attrName, const char* attrValue) {
  return set("aclopSetAttrString", attr, attrName, attrValue);
}

aclError aclopSetAttrListBool(aclopAttr* attr, const char* attrName, int numValues,
                              const uint8_t* values) {
  return set_list("aclopSetAttrListBool", attr, attrName, numValues, values);
}

aclError aclopSetAttrListFloat(aclopAttr* attr, const char* attrName, int numValues,
                               const float* values) {
  return set_list("aclopSetAttrListFloat", attr, attrName, numValues, values);
}

aclError aclopSetAttrListInt(aclopAttr* attr, const char* attrName, int numValues,
                             const int64_t* values) {
  return set_list("aclopSetAttrListInt", attr, attrName, numValues, values);
}

aclError aclopSetAttrListListInt(aclopAttr* attr, const char* attrName, int numLists, const int*,
                                 const int64_t* const values[]) {
  return set_list("aclopSetAttrListListInt", attr, attrName, numLists, values);
}
