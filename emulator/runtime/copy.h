#pragma once

#include <cstddef>

#include "acl/acl_rt.h"

namespace ascend_emulator {

// A copy whose addresses have been found to be what the caller said, in addresses that the emulator
// can use.
struct Copy {
  void* target;
  const void* source;
  size_t bytes;
  int device;            // -1: host to host
  bool pageable_source;  // host memory that may change or vanish once the call has returned …
  bool pageable_target;  // … or that the caller may read then
};

aclError check_copy(const char* api, void* dst, size_t dest_max, const void* src, size_t count,
                    aclrtMemcpyKind kind, Copy* copy);

// The emulator's address of `bytes` bytes of device memory at `client`.
aclError check_device_range(const char* api, const char* parameter, const void* client,
                            size_t bytes, void** alias, int* device);

}  // namespace ascend_emulator
