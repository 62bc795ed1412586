// Linkage of every CANN declaration. The emulator, which defines these symbols, builds with
// CANN_EXPORTS; the adapter, which only forwards to them, must keep its forwarders hidden so that
// they never interpose the real library.
#ifndef CANN_API_H_
#define CANN_API_H_

#include <stddef.h>
#include <stdint.h>

#ifdef CANN_EXPORTS
#define CANN_API __attribute__((visibility("default")))
#else
#define CANN_API __attribute__((visibility("hidden")))
#endif

#ifdef __cplusplus
#define CANN_BEGIN_DECLS extern "C" {
#define CANN_END_DECLS }
#else
#define CANN_BEGIN_DECLS
#define CANN_END_DECLS
#endif

#endif  // CANN_API_H_
