#include <cstring>
#include <vector>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/copy.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/stream_state.h"

using namespace ascend_emulator;

namespace {

// Up to this size the bytes of pageable host memory travel with the task; beyond, waiting for the
// copy is cheaper than a second copy.
constexpr size_t kSnapshotLimit = 64 * 1024;

class CopyTask : public Task {
 public:
  explicit CopyTask(const Copy& copy) : copy_(copy) {
    info.name = info.type = info.engine = "MEMCPY_ASYNC";
    info.kind = TaskKind::kMemcpy;
    info.bytes = copy.bytes;
  }

  void keep_source() {
    const auto* bytes = static_cast<const std::byte*>(copy_.source);
    snapshot_.assign(bytes, bytes + copy_.bytes);
    copy_.source = snapshot_.data();
  }

  aclError run() override {
    std::memmove(copy_.target, copy_.source, copy_.bytes);
    return ACL_SUCCESS;
  }

 private:
  Copy copy_;
  std::vector<std::byte> snapshot_;
};

class FillTask : public Task {
 public:
  FillTask(void* target, int value, size_t bytes) : target_(target), value_(value) {
    info.name = info.type = "MEMSET_ASYNC";
    info.engine = "MEMCPY_ASYNC";
    info.kind = TaskKind::kMemcpy;
    info.bytes = bytes;
  }

  aclError run() override {
    std::memset(target_, value_, info.bytes);
    return ACL_SUCCESS;
  }

 private:
  void* target_;
  int value_;
};

void count_copy(int device) {
  if (valid_device(device)) device_state(device).copies.fetch_add(1, std::memory_order_relaxed);
}

aclError check_fill(const char* api, void* address, size_t max_count, size_t count, void** alias,
                    int* device) {
  if (count > max_count) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: count=%zu is more than maxCount=%zu", api, count,
                max_count);
  }
  return check_device_range(api, "devPtr", address, count, alias, device);
}

// Pageable memory may change or vanish before a graph runs; and without a capture of this stream
// the copy is as good as a synchronous one.
aclError check_pageable(Stream& stream) {
  Graph* graph;
  if (capture_info(stream, &graph) == ACL_MODEL_RI_CAPTURE_STATUS_NONE) {
    return check_capture_mode("aclrtMemcpyAsync with pageable host memory",
                              ACL_ERROR_RT_CAPTURE_MODE_BLOCK_ASYNC);
  }
  return fail(ACL_ERROR_RT_PARAM_INVALID,
              "aclrtMemcpyAsync: stream %u is being captured, and pageable host memory cannot be "
              "part of a graph: use memory of aclrtMallocHost",
              stream.id);
}

}  // namespace

// Like the hardware's, synchronous copies are not ordered with streams: callers synchronize first.
aclError aclrtMemcpy(void* dst, size_t destMax, const void* src, size_t count,
                     aclrtMemcpyKind kind) {
  ACL_API_SCOPE(aclrtMemcpy);
  if (current_context() == nullptr) return fail_no_device("aclrtMemcpy");
  if (const aclError error = check_capture_mode("aclrtMemcpy"); error != ACL_SUCCESS) return error;
  if (count == 0) return ACL_SUCCESS;
  Copy copy;
  const aclError error = check_copy("aclrtMemcpy", dst, destMax, src, count, kind, &copy);
  if (error != ACL_SUCCESS) return error;
  std::memmove(copy.target, copy.source, copy.bytes);
  count_copy(copy.device);
  return ACL_SUCCESS;
}

// With pageable host memory the call may not leave anything to be read or written later.
aclError aclrtMemcpyAsync(void* dst, size_t destMax, const void* src, size_t count,
                          aclrtMemcpyKind kind, aclrtStream stream) {
  ACL_API_SCOPE(aclrtMemcpyAsync);
  Stream* found;
  aclError error = find_stream("aclrtMemcpyAsync", stream, &found);
  if (error != ACL_SUCCESS || count == 0) return error;
  Copy copy;
  error = check_copy("aclrtMemcpyAsync", dst, destMax, src, count, kind, &copy);
  if (error != ACL_SUCCESS) return error;
  if (copy.pageable_source || copy.pageable_target) {
    error = check_pageable(*found);
    if (error != ACL_SUCCESS) return error;
  }
  auto task = std::make_unique<CopyTask>(copy);
  const bool keep = copy.pageable_source && !copy.pageable_target && count <= kSnapshotLimit;
  if (keep) task->keep_source();
  uint64_t ticket = 0;
  error = found->submit(std::move(task), &ticket);
  if (error != ACL_SUCCESS || keep || !(copy.pageable_source || copy.pageable_target)) return error;
  error = await_tasks("aclrtMemcpyAsync", *found, ticket, Deadline::never());
  return error != ACL_SUCCESS ? error : report(found->failure());
}

aclError aclrtMemset(void* devPtr, size_t maxCount, int32_t value, size_t count) {
  ACL_API_SCOPE(aclrtMemset);
  if (current_context() == nullptr) return fail_no_device("aclrtMemset");
  if (const aclError error = check_capture_mode("aclrtMemset"); error != ACL_SUCCESS) return error;
  if (count == 0) return ACL_SUCCESS;
  void* alias;
  int device;
  const aclError error = check_fill("aclrtMemset", devPtr, maxCount, count, &alias, &device);
  if (error != ACL_SUCCESS) return error;
  std::memset(alias, value, count);
  count_copy(device);
  return ACL_SUCCESS;
}

aclError aclrtMemsetAsync(void* devPtr, size_t maxCount, int32_t value, size_t count,
                          aclrtStream stream) {
  ACL_API_SCOPE(aclrtMemsetAsync);
  Stream* found;
  aclError error = find_stream("aclrtMemsetAsync", stream, &found);
  if (error != ACL_SUCCESS || count == 0) return error;
  void* alias;
  int device;
  error = check_fill("aclrtMemsetAsync", devPtr, maxCount, count, &alias, &device);
  if (error != ACL_SUCCESS) return error;
  return found->submit(std::make_unique<FillTask>(alias, value, count));
}
