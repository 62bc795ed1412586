#include "acl/acl_op_compiler.h"
#include "emulator/runtime/error.h"

// There is no compiler: an operator exists here as an aclnn function or not at all. Success would
// be a silent wrong answer.
aclError aclopCompileAndExecute(const char* opType, int, const aclTensorDesc* const[],
                                const aclDataBuffer* const[], int, const aclTensorDesc* const[],
                                aclDataBuffer* const[], const aclopAttr*, aclopEngineType,
                                aclopCompileType, const char*, aclrtStream) {
  return ascend_emulator::fail(
      ACL_ERROR_GE_FAILURE,
      "EZ3003: No supported Ops kernel and engine are found for [%s], optype [%s]: it has no aclnn "
      "function in the emulator",
      opType == nullptr ? "" : opType, opType == nullptr ? "" : opType);
}
