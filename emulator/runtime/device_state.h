#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "acl/acl_base.h"
#include "emulator/runtime/arena.h"
#include "emulator/runtime/context.h"
#include "emulator/runtime/core_limits.h"

namespace ascend_emulator {

// One device as this process sees it. Lives until the process ends; its arena is created when the
// device is first set.
struct Device {
  std::mutex mutex;
  int uses = 0;                // aclrtSetDevice minus aclrtResetDevice
  Context* primary = nullptr;  // while uses > 0
  std::atomic<Arena*> arena{nullptr};
  std::atomic<uint64_t> peers{0};  // bit n: may access device n
  std::atomic<uint32_t> next_stream{0};
  std::atomic<uint64_t> kernels{0};
  std::atomic<uint64_t> copies{0};
  CoreLimits core_limits;
};

bool valid_device(int device);
aclError check_device_id(const char* api, int device);  // 107001 with a message
Device& device_state(int device);                       // of a valid device

// Makes sure that the device has its memory.
aclError open_device(const char* api, int device);

// Ends everything the process has on the device: waits for its work, then streams, contexts and
// memory go.
void close_device(int device);

}  // namespace ascend_emulator
