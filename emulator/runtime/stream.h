#pragma once

#include <cstdint>
#include <memory>

#include "acl/acl_base.h"
#include "acl/acl_rt.h"
#include "emulator/runtime/export.h"
#include "emulator/runtime/task.h"

namespace ascend_emulator {

// Appends a task. Returns before it runs, except when the stream's queue is full: then it waits for
// a slot. A null stream is the default stream of the calling thread's device. On failure the task
// is destroyed without running.
EMULATOR_API aclError enqueue(aclrtStream stream, std::unique_ptr<Task> task);

// -1 and UINT32_MAX for a handle that is no live stream.
EMULATOR_API int stream_device(aclrtStream stream);
EMULATOR_API uint32_t stream_id(aclrtStream stream);

}  // namespace ascend_emulator
