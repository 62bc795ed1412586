// Compiling operators at run time.
#ifndef ACL_ACL_OP_COMPILER_H_
#define ACL_ACL_OP_COMPILER_H_

#include "acl/acl_op.h"

typedef enum { ACL_ENGINE_SYS, ACL_ENGINE_AICORE, ACL_ENGINE_VECTOR } aclopEngineType;
typedef enum { ACL_COMPILE_SYS, ACL_COMPILE_UNREGISTERED } aclopCompileType;

typedef enum {
  ACL_PRECISION_MODE,
  ACL_AICORE_NUM,
  ACL_AUTO_TUNE_MODE,
  ACL_OP_SELECT_IMPL_MODE,
  ACL_OPTYPELIST_FOR_IMPLMODE,
  ACL_OP_DEBUG_LEVEL,
  ACL_DEBUG_DIR,
  ACL_OP_COMPILER_CACHE_MODE,
  ACL_OP_COMPILER_CACHE_DIR,
  ACL_OP_PERFORMANCE_MODE,
  ACL_OP_JIT_COMPILE,
  ACL_OP_DETERMINISTIC,
  ACL_CUSTOMIZE_DTYPES,
  ACL_OP_PRECISION_MODE,
  ACL_ALLOW_HF32,
  ACL_PRECISION_MODE_V2,
  ACL_OP_DEBUG_OPTION,
} aclCompileOpt;

CANN_BEGIN_DECLS

CANN_API aclError aclopCompileAndExecute(const char* opType, int numInputs,
                                         const aclTensorDesc* const inputDesc[],
                                         const aclDataBuffer* const inputs[], int numOutputs,
                                         const aclTensorDesc* const outputDesc[],
                                         aclDataBuffer* const outputs[], const aclopAttr* attr,
                                         aclopEngineType engineType, aclopCompileType compileFlag,
                                         const char* opPath, aclrtStream stream);
CANN_API aclError aclSetCompileopt(aclCompileOpt opt, const char* value);
CANN_API aclError aclGetCompileopt(aclCompileOpt opt, char* value, size_t length);
CANN_API size_t aclGetCompileoptSize(aclCompileOpt opt);

CANN_END_DECLS

#endif  // ACL_ACL_OP_COMPILER_H_
