#include "csrc/core/NPUWorkspace.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "acl/acl.h"
#include "csrc/core/Capture.h"
#include "csrc/core/MemoryHolders.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/TaskQueue.h"

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

// The caching allocator reuses memory in the order of the calling threads, which the task queue's
// thread is behind of: what looks free to it may still be in use by tasks in the queue. It has
// memory of its own, for each stream.
struct QueueWorkspace {
  c10::StreamId stream;
  size_t size;
  void* memory;
};
thread_local std::vector<QueueWorkspace> queue_workspaces;

void* queue_workspace(size_t bytes, NPUStream stream) {
  constexpr size_t kGranularity = size_t{2} << 20;
  auto found = std::ranges::find(queue_workspaces, stream.id(), &QueueWorkspace::stream);
  if (found == queue_workspaces.end()) {
    found = queue_workspaces.insert(found, {stream.id(), 0, nullptr});
  }
  if (C10_UNLIKELY(bytes > found->size)) {
    NPU_CHECK(aclrtSynchronizeStream(stream.handle()));  // launches that use the smaller one
    if (found->memory != nullptr) NPU_CHECK(aclrtFree(found->memory));
    count_workspace(stream.device_index(), -static_cast<int64_t>(found->size));
    *found = {stream.id(), 0, nullptr};
    const size_t size = (bytes + kGranularity - 1) / kGranularity * kGranularity;
    NPU_CHECK(aclrtMalloc(&found->memory, size, ACL_MEM_MALLOC_HUGE_FIRST));
    found->size = size;
    count_workspace(stream.device_index(), static_cast<int64_t>(size));
  }
  return found->memory;
}

}  // namespace

void* workspace(size_t bytes, NPUStream stream) {
  if (bytes == 0) return nullptr;
  if (C10_UNLIKELY(TaskQueue::is_own_thread())) return queue_workspace(bytes, stream);
  // Of the graph's pool, where replays find it unchanged. It goes back at once: the pool hands it
  // out for later work of the same stream only.
  TORCH_CHECK(
      !detail::updates_task_group,
      "an operator that needs a workspace cannot replace one of a task group: nothing would "
      "keep the workspace for the replays");
  if (is_captured(stream)) return NPUCachingAllocator::allocate(bytes, stream).get();
  if (C10_UNLIKELY(bytes > cached.size || !(cached.stream == stream))) {
    cached = {};  // first, so that a larger one can take its place
    cached = {stream, bytes, NPUCachingAllocator::allocate(bytes, stream)};
  }
  return cached.memory.get();
}

void release_workspace() { cached = {}; }

}  // namespace c10_npu
