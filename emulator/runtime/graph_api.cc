#include <cstdio>
#include <ctime>

#include "acl/acl.h"
#include "emulator/runtime/api_scope.h"
#include "emulator/runtime/capture.h"
#include "emulator/runtime/graph.h"
#include "emulator/runtime/timeout.h"

using namespace ascend_emulator;

namespace {

constexpr int kDestroyPatienceMs = 10'000;  // CANN's

class RunTask : public Task {
 public:
  RunTask(Graph& graph, Stream& stream) : graph_(graph), stream_(stream) {
    graph.runs.fetch_add(1, std::memory_order_relaxed);
    info.name = info.type = info.engine = "MODEL_EXECUTE";
    info.kind = TaskKind::kGraph;
  }
  ~RunTask() override { graph_.runs.fetch_sub(1, std::memory_order_release); }

  aclError run() override { return graph_.run(stream_); }

 private:
  Graph& graph_;
  Stream& stream_;
};

aclError find_finished(const char* api, aclmdlRI handle, Graph** graph) {
  const aclError error = find_graph(api, handle, graph);
  if (error != ACL_SUCCESS || !(*graph)->capturing.load(std::memory_order_acquire)) return error;
  return fail(ACL_ERROR_RT_MODEL_CAPTURED, "%s: model %u is still being captured", api,
              (*graph)->id);
}

aclError execute(const char* api, aclmdlRI handle, aclrtStream where, Stream** stream) {
  Graph* graph;
  if (const aclError error = find_finished(api, handle, &graph); error != ACL_SUCCESS) return error;
  if (const aclError error = find_stream(api, where, stream); error != ACL_SUCCESS) return error;
  if (&(*stream)->context != &graph->context) {
    return fail(ACL_ERROR_RT_MODEL_CONTEXT, "%s: the model was captured in another context", api);
  }
  Graph* outer;
  if (capture_info(**stream, &outer) != ACL_MODEL_RI_CAPTURE_STATUS_NONE) {
    return fail(ACL_ERROR_RT_STREAM_CAPTURED,
                "%s: stream %u is being captured; a model cannot be part of another", api,
                (*stream)->id);
  }
  return (*stream)->submit(std::make_unique<RunTask>(*graph, **stream));
}

aclError find_capturable(const char* api, aclrtStream handle, Stream** stream) {
  if (handle != nullptr) return find_stream(api, handle, stream);
  return fail(ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT, "%s: the default stream cannot be captured",
              api);
}

aclError fail_null(const char* api, const char* parameter) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: %s is null", api, parameter);
}

bool valid_mode(int mode) {
  return mode >= ACL_MODEL_RI_CAPTURE_MODE_GLOBAL && mode <= ACL_MODEL_RI_CAPTURE_MODE_RELAXED;
}

aclError fail_mode(const char* api, int mode) {
  return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: unknown capture mode %d", api, mode);
}

}  // namespace

aclError aclmdlRICaptureBegin(aclrtStream stream, aclmdlRICaptureMode mode) {
  ACL_API_SCOPE(aclmdlRICaptureBegin);
  constexpr const char* api = "aclmdlRICaptureBegin";
  if (!valid_mode(mode)) return fail_mode(api, mode);
  Stream* found;
  const aclError error = find_capturable(api, stream, &found);
  return error == ACL_SUCCESS ? begin_capture(*found, mode) : error;
}

aclError aclmdlRICaptureEnd(aclrtStream stream, aclmdlRI* modelRI) {
  ACL_API_SCOPE(aclmdlRICaptureEnd);
  constexpr const char* api = "aclmdlRICaptureEnd";
  if (modelRI == nullptr) return fail_null(api, "modelRI");
  *modelRI = nullptr;
  Stream* found;
  if (const aclError error = find_capturable(api, stream, &found); error != ACL_SUCCESS) {
    return error;
  }
  Graph* graph;
  const aclError error = end_capture(*found, &graph);
  if (error == ACL_SUCCESS) *modelRI = graph;
  return error;
}

aclError aclmdlRICaptureGetInfo(aclrtStream stream, aclmdlRICaptureStatus* status,
                                aclmdlRI* modelRI) {
  ACL_API_SCOPE(aclmdlRICaptureGetInfo);
  constexpr const char* api = "aclmdlRICaptureGetInfo";
  if (status == nullptr && modelRI == nullptr) return fail_null(api, "status and modelRI");
  Stream* found;
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  Graph* graph;
  const aclmdlRICaptureStatus now = capture_info(*found, &graph);
  if (status != nullptr) *status = now;
  if (modelRI != nullptr) *modelRI = graph;
  return ACL_SUCCESS;
}

aclError aclmdlRICaptureThreadExchangeMode(aclmdlRICaptureMode* mode) {
  ACL_API_SCOPE(aclmdlRICaptureThreadExchangeMode);
  constexpr const char* api = "aclmdlRICaptureThreadExchangeMode";
  if (mode == nullptr) return fail_null(api, "mode");
  if (!valid_mode(*mode)) return fail_mode(api, *mode);
  *mode = exchange_capture_mode(*mode);
  return ACL_SUCCESS;
}

aclError aclmdlRICaptureTaskGrpBegin(aclrtStream stream) {
  ACL_API_SCOPE(aclmdlRICaptureTaskGrpBegin);
  Stream* found;
  const aclError error = find_stream("aclmdlRICaptureTaskGrpBegin", stream, &found);
  return error == ACL_SUCCESS ? begin_group(*found) : error;
}

aclError aclmdlRICaptureTaskGrpEnd(aclrtStream stream, aclrtTaskGrp* handle) {
  ACL_API_SCOPE(aclmdlRICaptureTaskGrpEnd);
  constexpr const char* api = "aclmdlRICaptureTaskGrpEnd";
  if (handle == nullptr) return fail_null(api, "handle");
  *handle = nullptr;
  Stream* found;
  if (const aclError error = find_stream(api, stream, &found); error != ACL_SUCCESS) return error;
  TaskGroup* group = nullptr;
  const aclError error = end_group(*found, &group);
  if (error == ACL_SUCCESS) *handle = group;
  return error;
}

aclError aclmdlRICaptureTaskUpdateBegin(aclrtStream stream, aclrtTaskGrp handle) {
  ACL_API_SCOPE(aclmdlRICaptureTaskUpdateBegin);
  constexpr const char* api = "aclmdlRICaptureTaskUpdateBegin";
  TaskGroup* group = find_group(handle);
  if (group == nullptr) {
    return fail(ACL_ERROR_RT_INVALID_HANDLE, "%s: %p is no task group of a live model", api,
                handle);
  }
  Stream* found;
  const aclError error = find_stream(api, stream, &found);
  return error == ACL_SUCCESS ? begin_update(*found, *group) : error;
}

aclError aclmdlRICaptureTaskUpdateEnd(aclrtStream stream) {
  ACL_API_SCOPE(aclmdlRICaptureTaskUpdateEnd);
  Stream* found;
  const aclError error = find_stream("aclmdlRICaptureTaskUpdateEnd", stream, &found);
  return error == ACL_SUCCESS ? end_update(*found) : error;
}

aclError aclmdlRIExecuteAsync(aclmdlRI modelRI, aclrtStream stream) {
  ACL_API_SCOPE(aclmdlRIExecuteAsync);
  Stream* found;
  return execute("aclmdlRIExecuteAsync", modelRI, stream, &found);
}

aclError aclmdlRIExecute(aclmdlRI modelRI, int32_t timeout) {
  ACL_API_SCOPE(aclmdlRIExecute);
  constexpr const char* api = "aclmdlRIExecute";
  if (const aclError error = check_timeout(api, timeout); error != ACL_SUCCESS) return error;
  Stream* stream;
  const aclError error = execute(api, modelRI, nullptr, &stream);
  return error == ACL_SUCCESS ? synchronize(api, *stream, Deadline::after(timeout)) : error;
}

aclError aclmdlRIDestroy(aclmdlRI modelRI) {
  ACL_API_SCOPE(aclmdlRIDestroy);
  constexpr const char* api = "aclmdlRIDestroy";
  Graph* graph;
  if (const aclError error = find_finished(api, modelRI, &graph); error != ACL_SUCCESS) {
    return error;
  }
  const Deadline deadline = Deadline::after(kDestroyPatienceMs);
  while (graph->runs.load(std::memory_order_acquire) > 0 && !process_ending()) {
    if (deadline.passed()) {
      return fail(ACL_ERROR_RT_MODEL_RUNNING, "%s: model %u still runs, or is queued, after %d s",
                  api, graph->id, kDestroyPatienceMs / 1000);
    }
    constexpr timespec kNap{0, 500'000};
    nanosleep(&kNap, nullptr);
  }
  for (const TaskGroup* group : graph->groups) {
    if (!group->updating) continue;
    return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "%s: a task group of model %u is being updated",
                api, graph->id);
  }
  destroy_graph(graph);
  return ACL_SUCCESS;
}

aclError aclmdlRIGetId(aclmdlRI modelRI, uint32_t* modelRIId) {
  ACL_API_SCOPE(aclmdlRIGetId);
  constexpr const char* api = "aclmdlRIGetId";
  if (modelRIId == nullptr) return fail_null(api, "modelRIId");
  Graph* graph;
  const aclError error = find_graph(api, modelRI, &graph);
  if (error == ACL_SUCCESS) *modelRIId = graph->id;
  return error;
}

aclError aclmdlRIDebugPrint(aclmdlRI modelRI) {
  ACL_API_SCOPE(aclmdlRIDebugPrint);
  Graph* graph;
  const aclError error = find_finished("aclmdlRIDebugPrint", modelRI, &graph);
  if (error == ACL_SUCCESS) std::fputs(describe(*graph).c_str(), stdout);
  return error;
}

aclError aclmdlRIDebugJsonPrint(aclmdlRI modelRI, const char* path, uint32_t flags) {
  ACL_API_SCOPE(aclmdlRIDebugJsonPrint);
  constexpr const char* api = "aclmdlRIDebugJsonPrint";
  if (path == nullptr) return fail_null(api, "path");
  Graph* graph;
  if (const aclError error = find_finished(api, modelRI, &graph); error != ACL_SUCCESS) {
    return error;
  }
  if (flags > ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE) {
    return fail(ACL_ERROR_RT_PARAM_INVALID, "%s: unknown flags 0x%x", api, flags);
  }
  const std::string text = to_json(*graph, flags == ACL_MDLRI_DEBUG_JSON_PRINT_VERBOSE);
  FILE* file = std::fopen(path, "w");
  const bool written = file != nullptr && std::fputs(text.c_str(), file) >= 0;
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (written && closed) return ACL_SUCCESS;
  return fail(ACL_ERROR_INVALID_FILE, "%s: cannot write %s", api, path);
}
