// Model running instances: the tasks that a stream would have run, captured once and run many
// times. CANN declares them in acl_rt.h.
#ifndef ACL_ACL_MDL_RI_H_
#define ACL_ACL_MDL_RI_H_

#include "acl/acl_base.h"

typedef void* aclmdlRI;

// Who may call functions that do not go well with a capture: no thread, other threads, every one.
typedef enum {
  ACL_MODEL_RI_CAPTURE_MODE_GLOBAL = 0,
  ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL,
  ACL_MODEL_RI_CAPTURE_MODE_RELAXED,
} aclmdlRICaptureMode;

typedef enum {
  ACL_MODEL_RI_CAPTURE_STATUS_NONE = 0,
  ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE,
  ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED,
} aclmdlRICaptureStatus;

#define ACL_MDLRI_DEBUG_JSON_PRINT_SUMMARY 0x0UL
#define ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE 0x1UL

CANN_BEGIN_DECLS

CANN_API aclError aclmdlRICaptureBegin(aclrtStream stream, aclmdlRICaptureMode mode);
CANN_API aclError aclmdlRICaptureGetInfo(aclrtStream stream, aclmdlRICaptureStatus* status,
                                         aclmdlRI* modelRI);
CANN_API aclError aclmdlRICaptureEnd(aclrtStream stream, aclmdlRI* modelRI);
CANN_API aclError aclmdlRICaptureThreadExchangeMode(aclmdlRICaptureMode* mode);

// A task group can be replaced in a captured model: between UpdateBegin and UpdateEnd the stream
// takes new versions of the group's tasks, in their order, instead of running them.
CANN_API aclError aclmdlRICaptureTaskGrpBegin(aclrtStream stream);
CANN_API aclError aclmdlRICaptureTaskGrpEnd(aclrtStream stream, aclrtTaskGrp* handle);
CANN_API aclError aclmdlRICaptureTaskUpdateBegin(aclrtStream stream, aclrtTaskGrp handle);
CANN_API aclError aclmdlRICaptureTaskUpdateEnd(aclrtStream stream);

CANN_API aclError aclmdlRIExecuteAsync(aclmdlRI modelRI, aclrtStream stream);
CANN_API aclError aclmdlRIExecute(aclmdlRI modelRI, int32_t timeout);
CANN_API aclError aclmdlRIDestroy(aclmdlRI modelRI);
CANN_API aclError aclmdlRIGetId(aclmdlRI modelRI, uint32_t* modelRIId);
CANN_API aclError aclmdlRIDebugPrint(aclmdlRI modelRI);
CANN_API aclError aclmdlRIDebugJsonPrint(aclmdlRI modelRI, const char* path, uint32_t flags);

CANN_END_DECLS

#endif  // ACL_ACL_MDL_RI_H_
