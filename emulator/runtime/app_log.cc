#include <cstdarg>
#include <cstdio>

#include "acl/acl_log.h"
#include "emulator/runtime/env.h"

// Messages of the client, on stderr from ASCEND_GLOBAL_LOG_LEVEL on. Nothing is logged unless
// asked.
void aclAppLog(aclLogLevel logLevel, const char* func, const char* file, uint32_t line,
               const char* fmt, ...) {
  constexpr const char* kLevels[] = {"DEBUG", "INFO", "WARNING", "ERROR"};
  if (logLevel < ACL_DEBUG || logLevel > ACL_ERROR || fmt == nullptr) return;
  if (logLevel < ascend_emulator::env().log_level) return;
  char text[2048];
  va_list args;
  va_start(args, fmt);
  std::vsnprintf(text, sizeof(text), fmt, args);
  va_end(args);
  std::fprintf(stderr, "[%s] %s:%u %s: %s\n", kLevels[logLevel], file, line, func, text);
}
