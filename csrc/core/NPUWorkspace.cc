#include "csrc/core/NPUWorkspace.h"

#include <optional>

#include "csrc/core/NPUCachingAllocator.h"

namespace c10_npu {
namespace {

// One buffer per thread, so that no other thread can free it between its hand-out and the launch.
// Freeing it is safe at any time: the allocator reuses memory in the order of the stream.
struct Workspace {
  std::optional<NPUStream> stream;
  size_t size = 0;
  c10::DataPtr memory;
};
thread_local Workspace cached;

}  // namespace

void* workspace(size_t bytes, NPUStream stream) {
  if (bytes == 0) return nullptr;
  if (C10_UNLIKELY(bytes > cached.size || !(cached.stream == stream))) {
    cached = {};  // first, so that a larger one can take its place
    cached = {stream, bytes, NPUCachingAllocator::allocate(bytes, stream)};
  }
  return cached.memory.get();
}

void release_workspace() { cached = {}; }

}  // namespace c10_npu
