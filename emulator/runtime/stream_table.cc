#include <algorithm>
#include <vector>

#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/device_state.h"
#include "emulator/runtime/handle_table.h"
#include "emulator/runtime/stream.h"
#include "emulator/runtime/stream_state.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxStreams = 32768;  // as on the hardware, for all devices of the process

auto& streams() {
  static auto& table = *new HandleTable<Stream, kMaxStreams>;
  return table;
}

Stream* default_stream(Context& context) {
  Stream* stream = context.default_stream.load(std::memory_order_acquire);
  if (stream != nullptr) return stream;
  std::lock_guard lock(context.mutex);
  stream = context.default_stream.load(std::memory_order_relaxed);
  if (stream == nullptr) {
    stream = create_stream(context, 0, 0);
    context.default_stream.store(stream, std::memory_order_release);
  }
  return stream;
}

}  // namespace

aclError find_stream(const char* api, aclrtStream handle, Stream** stream) {
  if (forked()) return fail_forked(api);
  Context* context = current_context();
  if (context == nullptr) return fail_no_device(api);
  if (handle == nullptr) {
    *stream = default_stream(*context);
    if (*stream != nullptr) return ACL_SUCCESS;
    return fail(ACL_ERROR_RT_NO_STREAM_RESOURCE, "%s: all %zu streams are in use", api,
                kMaxStreams);
  }
  *stream = streams().find(handle);
  if (*stream == nullptr) {
    return fail(ACL_ERROR_RT_INVALID_HANDLE,
                "%s: %p is no live stream (never created, or already destroyed)", api, handle);
  }
  if (&(*stream)->context != context) {
    return fail(ACL_ERROR_RT_STREAM_CONTEXT,
                "%s: stream %u belongs to device %d%s, but the calling thread's device is %d", api,
                (*stream)->id, (*stream)->device,
                (*stream)->device == context->device ? " in another context" : "", context->device);
  }
  return ACL_SUCCESS;
}

int stream_device(aclrtStream handle) {
  if (handle == nullptr) {
    const Context* context = current_context();
    return context == nullptr ? -1 : context->device;
  }
  const Stream* stream = streams().find(handle);
  return stream == nullptr ? -1 : stream->device;
}

uint32_t stream_id(aclrtStream handle) {
  Context* context = current_context();
  if (handle == nullptr && context == nullptr) return UINT32_MAX;
  const Stream* stream = handle == nullptr ? default_stream(*context) : streams().find(handle);
  return stream == nullptr ? UINT32_MAX : stream->id;
}

Stream* create_stream(Context& context, uint32_t priority, uint32_t flags) {
  const uint32_t id = device_state(context.device).next_stream.fetch_add(1);
  return streams().create(context, id, priority, flags);
}

void destroy_stream(Stream* stream, bool drop_queued) {
  if (!stream->live.exchange(false)) return;
  drop_diversion(*stream);
  if (stream->stop(drop_queued)) streams().recycle(stream);
}

void destroy_streams_of(const Context& context) {
  streams().for_each([&context](Stream& stream) {
    if (&stream.context == &context) destroy_stream(&stream, false);
  });
}

aclError await_tasks(const char* api, Stream& stream, uint64_t tasks, const Deadline& deadline) {
  if (stream.wait(tasks, deadline)) return ACL_SUCCESS;
  if (process_ending()) {
    return fail(ACL_ERROR_RT_INTERNAL_ERROR,
                "%s: the process is exiting; unfinished tasks of stream %u are dropped", api,
                stream.id);
  }
  return fail(ACL_ERROR_RT_STREAM_SYNC_TIMEOUT,
              "%s: stream %u of device %d still has unfinished tasks at the time-out", api,
              stream.id, stream.device);
}

aclError synchronize(const char* api, Stream& stream, const Deadline& deadline) {
  if (stream.on_worker()) {
    return fail(
        ACL_ERROR_RT_PARAM_INVALID,
        "%s: called from a function that runs on this very stream: it would wait for itself", api);
  }
  if (const aclError error = refuse_captured(api, stream); error != ACL_SUCCESS) return error;
  const uint32_t aborts = stream.aborts();
  const aclError error = await_tasks(api, stream, stream.submitted(), deadline);
  if (error != ACL_SUCCESS) return error;
  if (stream.aborts() != aborts) {
    return fail(ACL_ERROR_RT_STREAM_ABORT,
                "%s: the tasks of stream %u were dropped (aclrtStreamAbort, aclrtDeviceTaskAbort)",
                api, stream.id);
  }
  return report(stream.failure());
}

// Waits for all streams, also when one of them has failed.
aclError synchronize_device(const char* api, int device, const Deadline& deadline) {
  aclError first = ACL_SUCCESS;
  streams().for_each([&](Stream& stream) {
    if (stream.device != device) return;
    const aclError error = synchronize(api, stream, deadline);
    if (first == ACL_SUCCESS) first = error;
  });
  return first;
}

bool abort_device(int device, const Deadline& deadline) {
  const auto visit = [device](auto act) {
    streams().for_each([&](Stream& stream) {
      if (stream.device == device) act(stream);
    });
  };
  visit([](Stream& stream) { stream.request_abort(); });
  bool over = true;
  visit([&](Stream& stream) { over &= stream.finish_abort(deadline); });
  return over;
}

}  // namespace ascend_emulator
