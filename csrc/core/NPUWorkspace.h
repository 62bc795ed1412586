#pragma once

#include "csrc/core/NPUStream.h"

namespace c10_npu {

// Scratch memory of at least `bytes` for the next launch on `stream` by the calling thread. Valid
// until the thread's next call; launches on one stream run in order, so they can share it. nullptr
// for 0 bytes.
void* workspace(size_t bytes, NPUStream stream);

// Gives the calling thread's workspace back to the caching allocator.
void release_workspace();

}  // namespace c10_npu
