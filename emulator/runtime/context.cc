#include "emulator/runtime/context.h"

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/handle_table.h"
#include "emulator/runtime/stream_state.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxContexts = 4096;

auto& contexts() {
  static auto& table = *new HandleTable<Context, kMaxContexts>;
  return table;
}

thread_local Context* thread_context = nullptr;

aclError fail_no_context(const char* api, const void* handle) {
  return fail(ACL_ERROR_RT_INVALID_HANDLE, "%s: %p is no live context", api, handle);
}

}  // namespace

Context* current_context() {
  Context* context = thread_context;
  const bool live = context != nullptr && context->live.load(std::memory_order_acquire);
  return live ? context : nullptr;
}

void set_current_context(Context* context) { thread_context = context; }

Context* find_context(const void* handle) { return contexts().find(handle); }

Context* create_context(int device, bool primary) { return contexts().create(device, primary); }

void destroy_context(Context* context) {
  if (!context->live.exchange(false)) return;
  drop_captures_of(*context);
  destroy_streams_of(*context);
  destroy_graphs_of(*context);
  contexts().recycle(context);
}

void destroy_contexts_of(int device) {
  contexts().for_each([device](Context& context) {
    if (context.device == device) destroy_context(&context);
  });
}

}  // namespace ascend_emulator

using namespace ascend_emulator;

aclError aclrtCreateContext(aclrtContext* context, int32_t deviceId) {
  ACL_API_SCOPE(aclrtCreateContext);
  if (context == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtCreateContext: context is null");
  }
  if (const aclError error = open_device("aclrtCreateContext", deviceId); error != ACL_SUCCESS) {
    return error;
  }
  Context* created = create_context(deviceId, false);
  if (created == nullptr) {
    return fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "aclrtCreateContext: all %zu contexts are in use",
                kMaxContexts);
  }
  set_current_context(created);
  *context = created;
  return ACL_SUCCESS;
}

aclError aclrtDestroyContext(aclrtContext context) {
  ACL_API_SCOPE(aclrtDestroyContext);
  Context* found = find_context(context);
  if (found == nullptr) return fail_no_context("aclrtDestroyContext", context);
  if (found->primary) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "aclrtDestroyContext: this is the context of aclrtSetDevice(%d): use "
                "aclrtResetDevice",
                found->device);
  }
  destroy_context(found);
  return ACL_SUCCESS;
}

aclError aclrtSetCurrentContext(aclrtContext context) {
  ACL_API_SCOPE(aclrtSetCurrentContext);
  Context* found = find_context(context);
  if (found == nullptr) return fail_no_context("aclrtSetCurrentContext", context);
  set_current_context(found);
  return ACL_SUCCESS;
}

aclError aclrtGetCurrentContext(aclrtContext* context) {
  ACL_API_SCOPE(aclrtGetCurrentContext);
  if (context == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtGetCurrentContext: context is null");
  }
  Context* current = current_context();
  if (current == nullptr) return fail_no_device("aclrtGetCurrentContext");
  *context = current;
  return ACL_SUCCESS;
}
