#pragma once

#include <ATen/core/CachingHostAllocator.h>

#include "csrc/core/NPUStream.h"

// Page-locked host memory, cached: copies between it and a device are asynchronous.
namespace c10_npu::NPUHostAllocator {

at::HostAllocator* get();

// Keeps a block from reuse until work enqueued on `stream` so far has finished. `data` may point
// into a block. False: not memory of this allocator.
bool recordEvent(const void* data, void* context, NPUStream stream);

// Whether `data` points into memory of this allocator.
bool isPinned(const void* data);

void emptyCache();

}  // namespace c10_npu::NPUHostAllocator
