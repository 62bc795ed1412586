#pragma once

#include <cstddef>

namespace ascend_emulator {

// Host memory that the runtime handed out: copies with it run asynchronously, copies with any other
// host memory must not rely on it after the call returns.
bool is_pinned_host(const void* address, size_t size);

}  // namespace ascend_emulator
