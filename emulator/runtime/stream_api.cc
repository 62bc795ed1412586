#include <string>

#include "acl/acl_rt.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/device.h"
#include "emulator/runtime/stream.h"
#include "emulator/runtime/stream_state.h"
#include "emulator/runtime/task.h"
#include "emulator/runtime/timeout.h"

using namespace ascend_emulator;

namespace {

constexpr int kAbortPatienceMs = 60'000;  // for the task that runs
constexpr uint32_t kLowestPriority = 7;   // 0 is the highest
constexpr uint32_t kKnownFlags =
    ACL_STREAM_FAST_LAUNCH | ACL_STREAM_FAST_SYNC | ACL_STREAM_PERSISTENT | ACL_STREAM_HUGE;

class HostFunctionTask : public Task {
 public:
  HostFunctionTask(aclrtHostFunc function, void* argument)
      : function_(function), argument_(argument) {
    info.name = info.type = info.engine = "HOST_FUNC";
    info.kind = TaskKind::kHostFunction;
  }

  aclError run() override {
    const BlockingRegion client_code;
    function_(argument_);
    return ACL_SUCCESS;
  }

 private:
  aclrtHostFunc function_;
  void* argument_;
};

aclError get(const char* api, aclrtStream handle, uint32_t* value, const uint32_t Stream::* field) {
  Stream* stream;
  if (value == nullptr) return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: null pointer", api);
  const aclError error = find_stream(api, handle, &stream);
  if (error == ACL_SUCCESS) *value = stream->*field;
  return error;
}

aclError set_failure_mode(const char* api, Stream& stream, uint64_t mode) {
  if (mode > 1) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: mode %llu; 0 continues after a failure, 1 stops",
                api, static_cast<unsigned long long>(mode));
  }
  stream.stop_on_failure.store(mode == 1);
  return ACL_SUCCESS;
}

// Where an attribute of 32 bits is kept; null: there is no such attribute.
std::atomic<uint32_t> Stream::* kept_attribute(aclrtStreamAttr attribute) {
  switch (attribute) {
    case ACL_STREAM_ATTR_FLOAT_OVERFLOW_CHECK:
      return &Stream::overflow_switch;
    case ACL_STREAM_ATTR_USER_CUSTOM_TAG:
      return &Stream::user_custom_tag;
    case ACL_STREAM_ATTR_CACHE_OP_INFO:
      return &Stream::cache_op_info_switch;
    default:
      return nullptr;
  }
}

aclError fail_attribute(const char* api, aclrtStreamAttr attribute) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: unknown attribute %d (known: %d to %d)", api,
              static_cast<int>(attribute), ACL_STREAM_ATTR_FAILURE_MODE,
              ACL_STREAM_ATTR_CACHE_OP_INFO);
}

aclError destroy(const char* api, aclrtStream handle, bool drop_queued) {
  if (handle == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: the default stream cannot be destroyed", api);
  }
  Stream* stream;
  if (const aclError error = find_stream(api, handle, &stream); error != ACL_SUCCESS) return error;
  if (stream == stream->context.default_stream.load() || stream->on_worker()) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s", api,
                stream->on_worker() ? "called from a function that runs on this very stream"
                                    : "the default stream cannot be destroyed");
  }
  if (const aclError error = refuse_captured(api, *stream); error != ACL_SUCCESS) return error;
  destroy_stream(stream, drop_queued);
  return ACL_SUCCESS;
}

}  // namespace

aclError aclrtCreateStreamWithConfig(aclrtStream* stream, uint32_t priority, uint32_t flag) {
  ACL_API_SCOPE(aclrtCreateStreamWithConfig);
  if (stream == nullptr || priority > kLowestPriority || (flag & ~kKnownFlags) != 0) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "aclrtCreateStreamWithConfig: stream=%p (not null), priority=%u (0 to %u), "
                "flag=0x%x (known: 0x%x)",
                static_cast<void*>(stream), priority, kLowestPriority, flag, kKnownFlags);
  }
  Context* context = current_context();
  if (context == nullptr) return fail_no_device("aclrtCreateStreamWithConfig");
  *stream = create_stream(*context, priority, flag);
  if (*stream == nullptr) {
    return fail(ACL_ERROR_RT_NO_STREAM_RESOURCE,
                "aclrtCreateStreamWithConfig: all streams are in use");
  }
  return ACL_SUCCESS;
}

aclError aclrtCreateStream(aclrtStream* stream) {
  return aclrtCreateStreamWithConfig(stream, 0, 0);
}

aclError aclrtDestroyStream(aclrtStream stream) {
  ACL_API_SCOPE(aclrtDestroyStream);
  return destroy("aclrtDestroyStream", stream, false);
}

aclError aclrtDestroyStreamForce(aclrtStream stream) {
  ACL_API_SCOPE(aclrtDestroyStreamForce);
  return destroy("aclrtDestroyStreamForce", stream, true);
}

aclError aclrtSynchronizeStreamWithTimeout(aclrtStream stream, int32_t timeout) {
  ACL_API_SCOPE(aclrtSynchronizeStreamWithTimeout);
  constexpr const char* api = "aclrtSynchronizeStreamWithTimeout";
  if (const aclError error = check_timeout(api, timeout); error != ACL_SUCCESS) return error;
  Stream* found;
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  return synchronize(api, *found, Deadline::after(timeout));
}

aclError aclrtSynchronizeStream(aclrtStream stream) {
  ACL_API_SCOPE(aclrtSynchronizeStream);
  constexpr const char* api = "aclrtSynchronizeStream";
  Stream* found;
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  return synchronize(api, *found, Deadline::never());
}

aclError aclrtSynchronizeDeviceWithTimeout(int32_t timeout) {
  ACL_API_SCOPE(aclrtSynchronizeDeviceWithTimeout);
  constexpr const char* api = "aclrtSynchronizeDeviceWithTimeout";
  if (const aclError error = check_timeout(api, timeout); error != ACL_SUCCESS) return error;
  const int device = current_device();
  if (device < 0) return fail_no_device(api);
  return synchronize_device(api, device, Deadline::after(timeout));
}

aclError aclrtSynchronizeDevice() {
  ACL_API_SCOPE(aclrtSynchronizeDevice);
  const int device = current_device();
  if (device < 0) return fail_no_device("aclrtSynchronizeDevice");
  return synchronize_device("aclrtSynchronizeDevice", device, Deadline::never());
}

aclError aclrtStreamQuery(aclrtStream stream, aclrtStreamStatus* status) {
  ACL_API_SCOPE(aclrtStreamQuery);
  Stream* found;
  if (status == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtStreamQuery: status is null");
  }
  if (const aclError error = find_stream("aclrtStreamQuery", stream, &found);
      error != ACL_SUCCESS) {
    return error;
  }
  if (const aclError error = refuse_captured("aclrtStreamQuery", *found); error != ACL_SUCCESS) {
    return error;
  }
  *status = found->idle() ? ACL_STREAM_STATUS_COMPLETE : ACL_STREAM_STATUS_NOT_READY;
  return report(found->failure());
}

aclError aclrtStreamGetId(aclrtStream stream, int32_t* streamId) {
  ACL_API_SCOPE(aclrtStreamGetId);
  Stream* found;
  if (streamId == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtStreamGetId: streamId is null");
  }
  if (const aclError error = find_stream("aclrtStreamGetId", stream, &found);
      error != ACL_SUCCESS) {
    return error;
  }
  *streamId = static_cast<int32_t>(found->id);
  return ACL_SUCCESS;
}

aclError aclrtStreamGetPriority(aclrtStream stream, uint32_t* priority) {
  ACL_API_SCOPE(aclrtStreamGetPriority);
  return get("aclrtStreamGetPriority", stream, priority, &Stream::priority);
}

aclError aclrtStreamGetFlags(aclrtStream stream, uint32_t* flags) {
  ACL_API_SCOPE(aclrtStreamGetFlags);
  return get("aclrtStreamGetFlags", stream, flags, &Stream::flags);
}

aclError aclrtStreamAbort(aclrtStream stream) {
  ACL_API_SCOPE(aclrtStreamAbort);
  constexpr const char* api = "aclrtStreamAbort";
  if (stream == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: the stream must not be null", api);
  }
  Stream* found;
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  if (const aclError error = refuse_captured(api, *found); error != ACL_SUCCESS) return error;
  if (found->on_worker()) {
    return fail(ACL_ERROR_RT_PARAM_INVALID,
                "%s: called from a function that runs on this very stream", api);
  }
  found->request_abort();
  if (found->finish_abort(Deadline::after(kAbortPatienceMs))) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_TASK_TIMEOUT, "%s: the running task of stream %u has not ended in %d s",
              api, found->id, kAbortPatienceMs / 1000);
}

// Not in profiles: it is asked for around each launch.
aclError aclrtGetThreadLastTaskId(uint32_t* taskId) {
  if (taskId == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtGetThreadLastTaskId: taskId is null");
  }
  *taskId = last_task_of_this_thread();
  return ACL_SUCCESS;
}

aclError aclrtSetStreamFailureMode(aclrtStream stream, uint64_t mode) {
  ACL_API_SCOPE(aclrtSetStreamFailureMode);
  Stream* found;
  const aclError error = find_stream("aclrtSetStreamFailureMode", stream, &found);
  return error == ACL_SUCCESS ? set_failure_mode("aclrtSetStreamFailureMode", *found, mode) : error;
}

aclError aclrtSetStreamAttribute(aclrtStream stream, aclrtStreamAttr stmAttrType,
                                 aclrtStreamAttrValue* value) {
  ACL_API_SCOPE(aclrtSetStreamAttribute);
  constexpr const char* api = "aclrtSetStreamAttribute";
  Stream* found;
  if (value == nullptr) return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: value is null", api);
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  if (stmAttrType == ACL_STREAM_ATTR_FAILURE_MODE) {
    return set_failure_mode(api, *found, value->failureMode);
  }
  const auto kept = kept_attribute(stmAttrType);
  if (kept == nullptr) return fail_attribute(api, stmAttrType);
  if (stmAttrType != ACL_STREAM_ATTR_USER_CUSTOM_TAG && value->overflowSwitch > 1) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: a switch is 0 or 1, not %u", api,
                value->overflowSwitch);
  }
  (found->*kept).store(value->overflowSwitch);
  return ACL_SUCCESS;
}

aclError aclrtGetStreamAttribute(aclrtStream stream, aclrtStreamAttr stmAttrType,
                                 aclrtStreamAttrValue* value) {
  ACL_API_SCOPE(aclrtGetStreamAttribute);
  constexpr const char* api = "aclrtGetStreamAttribute";
  Stream* found;
  if (value == nullptr) return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: value is null", api);
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  if (stmAttrType == ACL_STREAM_ATTR_FAILURE_MODE) {
    value->failureMode = found->stop_on_failure.load() ? 1 : 0;
    return ACL_SUCCESS;
  }
  const auto kept = kept_attribute(stmAttrType);
  if (kept == nullptr) return fail_attribute(api, stmAttrType);
  value->overflowSwitch = (found->*kept).load();
  return ACL_SUCCESS;
}

aclError aclrtDeviceGetStreamPriorityRange(int32_t* leastPriority, int32_t* greatestPriority) {
  ACL_API_SCOPE(aclrtDeviceGetStreamPriorityRange);
  if (leastPriority == nullptr || greatestPriority == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtDeviceGetStreamPriorityRange: null pointer");
  }
  *leastPriority = kLowestPriority;
  *greatestPriority = 0;
  return ACL_SUCCESS;
}

aclError aclrtCtxGetCurrentDefaultStream(aclrtStream* stream) {
  ACL_API_SCOPE(aclrtCtxGetCurrentDefaultStream);
  Stream* found;
  if (stream == nullptr) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtCtxGetCurrentDefaultStream: stream is null");
  }
  const aclError error = find_stream("aclrtCtxGetCurrentDefaultStream", nullptr, &found);
  if (error == ACL_SUCCESS) *stream = found;
  return error;
}

aclError aclrtLaunchHostFunc(aclrtStream stream, aclrtHostFunc fn, void* args) {
  ACL_API_SCOPE(aclrtLaunchHostFunc);
  if (fn == nullptr) return fail(ACL_ERROR_RT_PARAM_INVALID, "aclrtLaunchHostFunc: fn is null");
  return enqueue(stream, std::make_unique<HostFunctionTask>(fn, args));
}
