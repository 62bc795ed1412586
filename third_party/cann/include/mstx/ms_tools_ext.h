// Marks and ranges that a program gives a profiler.
#ifndef MSTX_MS_TOOLS_EXT_H_
#define MSTX_MS_TOOLS_EXT_H_

#include <stdint.h>

#include "acl/acl_base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t mstxRangeId;
#define MSTX_INVALID_RANGE_ID ((mstxRangeId)0)  // also while no profiler listens

typedef struct mstxDomainRegistration_st* mstxDomainHandle_t;

// stream: null for the host alone, otherwise the device tells when it gets there, too.
CANN_API void mstxMarkA(const char* message, aclrtStream stream);
CANN_API mstxRangeId mstxRangeStartA(const char* message, aclrtStream stream);
CANN_API void mstxRangeEnd(mstxRangeId id);
CANN_API mstxDomainHandle_t mstxDomainCreateA(const char* name);
CANN_API void mstxDomainDestroy(mstxDomainHandle_t domain);
CANN_API void mstxDomainMarkA(mstxDomainHandle_t domain, const char* message, aclrtStream stream);
CANN_API mstxRangeId mstxDomainRangeStartA(mstxDomainHandle_t domain, const char* message,
                                           aclrtStream stream);
CANN_API void mstxDomainRangeEnd(mstxDomainHandle_t domain, mstxRangeId id);

#ifdef __cplusplus
}
#endif

#endif  // MSTX_MS_TOOLS_EXT_H_
