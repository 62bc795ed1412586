#include "emulator/runtime/capture.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "emulator/runtime/capture_state.h"
#include "emulator/runtime/error.h"
#include "emulator/runtime/event.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxText = 1024;

bool nobody_captures() { return captures().count.load(std::memory_order_acquire) == 0; }

bool is_default(const Stream& stream) {
  return &stream == stream.context.default_stream.load(std::memory_order_acquire);
}

aclError fail_default_stream(const char* what) {
  return fail(ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT, "%s: the default stream cannot be captured",
              what);
}

// Ends the capture without a result.
void discard(const Capture& capture, bool keep_graph) {
  Graph* graph = &capture.graph;
  auto& active = captures().active;
  std::erase_if(active, [&](const auto& entry) { return entry.get() == &capture; });
  captures().count.store(active.size(), std::memory_order_release);
  graph->capturing.store(false, std::memory_order_release);
  if (!keep_graph) destroy_graph(graph);
}

}  // namespace

Captures& captures() {
  static Captures& all = *new Captures;
  return all;
}

Capture* capture_of(const Stream& stream) {
  for (const auto& capture : captures().active) {
    if (capture->streams.contains(&stream)) return capture.get();
  }
  return nullptr;
}

Capture* capture_of(Event& event) {
  for (const auto& capture : captures().active) {
    if (capture->graph.id == event.captured.graph) return capture.get();
  }
  return nullptr;
}

std::optional<aclError> divert(Stream& stream, std::unique_ptr<Task>& task) {
  std::lock_guard lock(captures().mutex);
  Diversion* diversion = stream.diversion.load(std::memory_order_relaxed);
  if (diversion == nullptr) return std::nullopt;
  return diversion->take(stream, std::move(task));
}

uint32_t Capture::join(Stream& stream) {
  const auto branch = static_cast<uint32_t>(graph.branches.size());
  graph.branches.push_back({stream.id, {}});
  streams.emplace(&stream, Member{&stream, branch});
  stream.diversion.store(this, std::memory_order_release);
  return branch;
}

void Capture::add_wait(Stream& stream, uint32_t branch, size_t position) {
  nodes_of(stream).nodes.push_back({true, nullptr, branch, position});
}

aclError Capture::break_with(aclError code, const char* format, ...) {
  char text[kMaxText];
  va_list args;
  va_start(args, format);
  std::vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  if (broken.empty()) broken = text;
  return fail(code, "%s", text);
}

aclError Capture::refuse_broken(const char* api) const {
  if (broken.empty()) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, "%s: the capture was invalidated by: %s",
              api, broken.c_str());
}

bool Capture::group_elsewhere(const Stream& stream) const {
  return std::ranges::any_of(streams, [&](const auto& entry) {
    return entry.first != &stream && entry.second.group != nullptr;
  });
}

aclError Capture::take(Stream& stream, std::unique_ptr<Task> task) {
  const char* name = task->info.name;
  if (const aclError error = refuse_broken(name); error != ACL_SUCCESS) return error;
  // A collective is one of a sequence that all ranks count; it cannot run twice.
  if (task->info.kind == TaskKind::kCollective) {
    return break_with(ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                      "%s: capturing collectives is not emulated: keep them out of the graph",
                      name);
  }
  Member& member = streams.at(&stream);
  if (member.group == nullptr && group_elsewhere(stream)) {
    return break_with(ACL_ERROR_STREAM_TASK_GROUP_INTR,
                      "%s: stream %u has no task group, but another stream of the capture has an "
                      "open one: end that first",
                      name, stream.id);
  }
  if (member.group != nullptr && task->info.kind != TaskKind::kKernel) {
    return break_with(ACL_ERROR_RT_TASK_TYPE_NOT_SUPPORT, "%s: a task group takes operators only",
                      name);
  }
  if (member.group != nullptr) member.group->types.push_back(task->info.type);
  graph.branches[member.branch].nodes.push_back({false, std::move(task), 0, 0});
  return ACL_SUCCESS;
}

// From the origin's end backwards: how far is each branch known to be over?
aclError Capture::check_joined() const {
  std::vector<size_t> reached(graph.branches.size(), 0);
  std::vector<size_t> scanned(graph.branches.size(), 0);
  reached[branch_of(origin)] = graph.branches[branch_of(origin)].nodes.size();
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t branch = 0; branch < reached.size(); ++branch) {
      for (; scanned[branch] < reached[branch]; ++scanned[branch], moved = true) {
        const Node& node = graph.branches[branch].nodes[scanned[branch]];
        if (node.waits) reached[node.branch] = std::max(reached[node.branch], node.position);
      }
    }
  }
  for (size_t branch = 0; branch < reached.size(); ++branch) {
    if (reached[branch] == graph.branches[branch].nodes.size()) continue;
    return fail(ACL_ERROR_RT_STREAM_UNJOINED,
                "aclmdlRICaptureEnd: stream %u joined the capture, but stream %u does not wait for "
                "its last %zu tasks: record an event there and wait for it here",
                graph.branches[branch].stream, origin.id,
                graph.branches[branch].nodes.size() - reached[branch]);
  }
  return ACL_SUCCESS;
}

void Capture::release_streams() {
  for (const auto& [key, member] : streams) {
    member.stream->diversion.store(nullptr, std::memory_order_release);
  }
}

aclError begin_capture(Stream& stream, aclmdlRICaptureMode mode) {
  if (is_default(stream)) return fail_default_stream("aclmdlRICaptureBegin");
  std::lock_guard lock(captures().mutex);
  if (stream.diversion.load(std::memory_order_relaxed) != nullptr) {
    return fail(ACL_ERROR_RT_STREAM_CAPTURED,
                "aclmdlRICaptureBegin: stream %u is being captured, or updates a task group",
                stream.id);
  }
  Graph* graph = create_graph(stream.context);
  if (graph == nullptr) {
    return fail(ACL_ERROR_RT_NO_MODEL_RESOURCE, "aclmdlRICaptureBegin: all models are in use");
  }
  captures().active.push_back(std::make_unique<Capture>(*graph, stream, mode));
  captures().count.store(captures().active.size(), std::memory_order_release);
  return ACL_SUCCESS;
}

aclError end_capture(Stream& stream, Graph** graph) {
  constexpr const char* api = "aclmdlRICaptureEnd";
  std::lock_guard lock(captures().mutex);
  Capture* capture = capture_of(stream);
  if (capture == nullptr) {
    return fail(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "%s: stream %u is not being captured", api,
                stream.id);
  }
  if (&capture->origin != &stream) {
    return fail(ACL_ERROR_RT_STREAM_CAPTURE_UNMATCHED,
                "%s: the capture was begun on stream %u, not on stream %u", api, capture->origin.id,
                stream.id);
  }
  const bool any_thread = capture->mode == ACL_MODEL_RI_CAPTURE_MODE_RELAXED;
  aclError error = ACL_SUCCESS;
  if (!any_thread && capture->thread != std::this_thread::get_id()) {
    error = fail(ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD,
                 "%s: another thread began the capture; only the relaxed mode allows that", api);
  }
  if (error == ACL_SUCCESS) error = capture->refuse_broken(api);
  for (const auto& [key, member] : capture->streams) {
    if (error != ACL_SUCCESS || member.group == nullptr) continue;
    error = fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "%s: a task group is still open on stream %u",
                 api, member.stream->id);
  }
  if (error == ACL_SUCCESS) error = capture->check_joined();
  capture->release_streams();
  *graph = error == ACL_SUCCESS ? &capture->graph : nullptr;
  discard(*capture, error == ACL_SUCCESS);
  return error;
}

void drop_diversion(Stream& stream) {
  if (stream.diversion.load(std::memory_order_acquire) == nullptr) return;
  std::lock_guard lock(captures().mutex);
  Diversion* diversion = stream.diversion.exchange(nullptr);
  if (capture_of(stream) == nullptr) delete diversion;  // captures have another owner
}

aclmdlRICaptureStatus capture_info(Stream& stream, Graph** graph) {
  *graph = nullptr;
  if (nobody_captures()) return ACL_MODEL_RI_CAPTURE_STATUS_NONE;
  std::lock_guard lock(captures().mutex);
  const Capture* capture = capture_of(stream);
  if (capture == nullptr) return ACL_MODEL_RI_CAPTURE_STATUS_NONE;
  *graph = &capture->graph;
  return capture->broken.empty() ? ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE
                                 : ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED;
}

void drop_captures_of(const Context& context) {
  std::lock_guard lock(captures().mutex);
  while (true) {
    const auto capture = std::ranges::find_if(
        captures().active, [&](const auto& entry) { return &entry->graph.context == &context; });
    if (capture == captures().active.end()) return;
    (*capture)->release_streams();
    discard(**capture, false);
  }
}

std::optional<aclError> capture_record(Stream& stream, Event& event) {
  if (nobody_captures()) return std::nullopt;
  std::lock_guard lock(captures().mutex);
  Capture* capture = capture_of(stream);
  if (capture == nullptr) {
    event.captured = {};
    return std::nullopt;
  }
  if (const aclError error = capture->refuse_broken("aclrtRecordEvent"); error != ACL_SUCCESS) {
    return error;
  }
  if (event.external()) return std::nullopt;  // a task like any other
  if (!event.capturable()) {
    return capture->break_with(ACL_ERROR_RT_FEATURE_NOT_SUPPORT,
                               "aclrtRecordEvent: only events of aclrtCreateEventExWithFlag "
                               "within one process can be captured");
  }
  // No stream can wait for it, and times are not taken in a capture.
  if ((event.flags & ACL_EVENT_SYNC) == 0) return ACL_SUCCESS;
  event.captured = {capture->graph.id, capture->branch_of(stream),
                    capture->nodes_of(stream).nodes.size()};
  return ACL_SUCCESS;
}

std::optional<aclError> capture_wait(Stream& stream, Event& event) {
  constexpr const char* api = "aclrtStreamWaitEvent";
  if (nobody_captures() || event.external()) return std::nullopt;
  std::lock_guard lock(captures().mutex);
  Capture* own = capture_of(stream);
  Capture* events = capture_of(event);
  if (own == nullptr && events == nullptr) return std::nullopt;
  if (events == nullptr) {
    return own->break_with(ACL_ERROR_RT_CAPTURE_DEPENDENCY,
                           "%s: the event was not recorded in this capture, for which stream %u "
                           "cannot wait",
                           api, stream.id);
  }
  if (const aclError error = events->refuse_broken(api); error != ACL_SUCCESS) return error;
  if (own != nullptr && own != events) {
    own->break_with(ACL_ERROR_STREAM_CAPTURE_CONFLICT, "%s: the event belongs to another capture",
                    api);
    return events->break_with(ACL_ERROR_STREAM_CAPTURE_CONFLICT,
                              "%s: stream %u belongs to another capture than the event", api,
                              stream.id);
  }
  if (own == nullptr) {
    if (is_default(stream)) {
      return events->break_with(ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT,
                                "%s: the default stream cannot join a capture", api);
    }
    if (stream.device != events->origin.device) {
      return events->break_with(ACL_ERROR_STREAM_CAPTURE_CONFLICT,
                                "%s: a capture of device %d cannot take in a stream of device %d",
                                api, events->origin.device, stream.device);
    }
    events->join(stream);
  }
  if (events->branch_of(stream) != event.captured.branch) {
    events->add_wait(stream, event.captured.branch, event.captured.position);
  }
  return ACL_SUCCESS;
}

aclError refuse_captured(const char* api, Stream& stream) {
  if (nobody_captures()) return ACL_SUCCESS;
  std::lock_guard lock(captures().mutex);
  Capture* capture = capture_of(stream);
  if (capture == nullptr) return ACL_SUCCESS;
  return capture->break_with(ACL_ERROR_RT_STREAM_CAPTURED,
                             "%s: stream %u is being captured, so its tasks do not run now", api,
                             stream.id);
}

aclError refuse_captured(const char* api, Event& event) {
  if (nobody_captures()) return ACL_SUCCESS;
  std::lock_guard lock(captures().mutex);
  Capture* capture = capture_of(event);
  if (capture == nullptr) return ACL_SUCCESS;
  return capture->break_with(ACL_ERROR_RT_EVENT_CAPTURED,
                             "%s: the event was recorded in a capture that has not ended", api);
}

}  // namespace ascend_emulator
