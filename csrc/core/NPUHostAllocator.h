#pragma once

#include <ATen/core/CachingHostAllocator.h>

// Page-locked host memory, cached: copies between it and a device are asynchronous. To copy with
// it, announce the stream with get()->record_event(pointer, context of its DataPtr, stream); that
// returns false for memory of others.
namespace c10_npu::NPUHostAllocator {

at::HostAllocator* get();

// Whether `data` points into memory of this allocator.
bool isPinned(const void* data);

}  // namespace c10_npu::NPUHostAllocator
