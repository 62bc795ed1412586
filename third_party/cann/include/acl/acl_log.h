// What programs write into CANN's log.
#ifndef ACL_ACL_LOG_H_
#define ACL_ACL_LOG_H_

#include "acl/acl_base.h"

CANN_BEGIN_DECLS
CANN_API void aclAppLog(aclLogLevel logLevel, const char* func, const char* file, uint32_t line,
                        const char* fmt, ...) __attribute__((format(printf, 5, 6)));
CANN_END_DECLS

#endif  // ACL_ACL_LOG_H_
