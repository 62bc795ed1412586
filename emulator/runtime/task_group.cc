#include <cstring>

#include "emulator/runtime/capture_state.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

// The new version takes its place when the updating stream comes there, as a task of its own.
class ReplaceTask : public Task {
 public:
  ReplaceTask(TaskGroup& group, size_t index, std::unique_ptr<Task> task)
      : group_(group), index_(index), task_(std::move(task)) {
    group_.graph.runs.fetch_add(1, std::memory_order_relaxed);
    info.name = info.type = info.engine = "TASK_UPDATE";
    info.kind = TaskKind::kGraph;
  }
  ~ReplaceTask() override { group_.graph.runs.fetch_sub(1, std::memory_order_release); }

  aclError run() override {
    group_.graph.replace(group_, index_, task_);
    return ACL_SUCCESS;
  }

 private:
  TaskGroup& group_;
  size_t index_;
  std::shared_ptr<Task> task_;
};

class Update : public Diversion {
 public:
  explicit Update(TaskGroup& group) : group(group) { group.updating = true; }
  ~Update() override { group.updating = false; }

  aclError take(Stream& stream, std::unique_ptr<Task> task) override {
    if (next >= group.types.size()) {
      return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS,
                  "%s: the task group has %zu tasks, all of which are updated", task->info.name,
                  group.types.size());
    }
    const char* type = group.types[next];
    if (std::strcmp(type, task->info.type) != 0) {
      return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS,
                  "%s: task %zu of the group is %s and can only be replaced by another %s",
                  task->info.name, next, type, type);
    }
    stream.push(std::make_unique<ReplaceTask>(group, next++, std::move(task)));
    return ACL_SUCCESS;
  }

  TaskGroup& group;
  size_t next = 0;
};

Capture::Member* member_of(const Stream& stream, Capture** capture) {
  *capture = capture_of(stream);
  return *capture == nullptr ? nullptr : &(*capture)->streams.at(&stream);
}

aclError fail_not_captured(const char* api, const Stream& stream) {
  return fail(ACL_ERROR_RT_STREAM_NOT_CAPTURED, "%s: stream %u is not being captured", api,
              stream.id);
}

}  // namespace

aclError begin_group(Stream& stream) {
  constexpr const char* api = "aclmdlRICaptureTaskGrpBegin";
  std::lock_guard lock(captures().mutex);
  Capture* capture;
  Capture::Member* member = member_of(stream, &capture);
  if (member == nullptr) return fail_not_captured(api, stream);
  if (const aclError error = capture->refuse_broken(api); error != ACL_SUCCESS) return error;
  if (member->group != nullptr) {
    return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "%s: stream %u has an open task group", api,
                stream.id);
  }
  Graph& graph = capture->graph;
  member->group = create_group(graph, member->branch, graph.branches[member->branch].nodes.size());
  if (member->group == nullptr) {
    return fail(ACL_ERROR_RT_NO_MODEL_RESOURCE, "%s: all task groups are in use", api);
  }
  graph.groups.push_back(member->group);
  return ACL_SUCCESS;
}

aclError end_group(Stream& stream, TaskGroup** group) {
  constexpr const char* api = "aclmdlRICaptureTaskGrpEnd";
  std::lock_guard lock(captures().mutex);
  Capture* capture;
  Capture::Member* member = member_of(stream, &capture);
  if (member == nullptr) return fail_not_captured(api, stream);
  if (member->group == nullptr) {
    return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "%s: stream %u has no open task group", api,
                stream.id);
  }
  TaskGroup* ended = std::exchange(member->group, nullptr);
  if (const aclError error = capture->refuse_broken(api); error != ACL_SUCCESS) return error;
  *group = ended;
  return ACL_SUCCESS;
}

aclError begin_update(Stream& stream, TaskGroup& group) {
  constexpr const char* api = "aclmdlRICaptureTaskUpdateBegin";
  std::lock_guard lock(captures().mutex);
  if (capture_of(stream) != nullptr || group.graph.capturing.load()) {
    return fail(ACL_ERROR_RT_STREAM_CAPTURED, "%s: %s is being captured", api,
                capture_of(stream) != nullptr ? "the stream" : "the task group's model");
  }
  if (&stream.context != &group.graph.context) {
    return fail(ACL_ERROR_RT_MODEL_CONTEXT, "%s: the model was captured in another context", api);
  }
  if (stream.diversion.load(std::memory_order_relaxed) != nullptr || group.updating) {
    return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "%s: %s is being updated already", api,
                group.updating ? "this task group" : "another task group on this stream");
  }
  stream.diversion.store(new Update(group), std::memory_order_release);
  return ACL_SUCCESS;
}

aclError end_update(Stream& stream) {
  constexpr const char* api = "aclmdlRICaptureTaskUpdateEnd";
  std::lock_guard lock(captures().mutex);
  if (capture_of(stream) != nullptr) {
    return fail(ACL_ERROR_RT_STREAM_CAPTURED, "%s: the stream is being captured", api);
  }
  const std::unique_ptr<Diversion> diversion(
      stream.diversion.exchange(nullptr, std::memory_order_acq_rel));
  if (diversion == nullptr) {
    return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS, "%s: stream %u updates no task group", api,
                stream.id);
  }
  const auto& update = static_cast<const Update&>(*diversion);
  if (update.next == update.group.types.size()) return ACL_SUCCESS;
  return fail(ACL_ERROR_STREAM_TASK_GROUP_STATUS,
              "%s: %zu of the group's %zu tasks were updated; all must be", api, update.next,
              update.group.types.size());
}

}  // namespace ascend_emulator
