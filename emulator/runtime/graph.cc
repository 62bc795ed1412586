#include "emulator/runtime/graph.h"

#include <ctime>

#include "emulator/runtime/error.h"
#include "emulator/runtime/event.h"
#include "emulator/runtime/handle_table.h"
#include "emulator/runtime/process.h"

namespace ascend_emulator {
namespace {

constexpr size_t kMaxGraphs = 65536;
constexpr size_t kMaxGroups = 1 << 20;
constexpr timespec kNap{0, 100'000};

auto& graphs() {
  static auto& table = *new HandleTable<Graph, kMaxGraphs>;
  return table;
}

auto& groups() {
  static auto& table = *new HandleTable<TaskGroup, kMaxGroups>;
  return table;
}

}  // namespace

// Branches take turns on one worker: a branch runs until it has to wait.
class Graph::Run {
 public:
  Run(Graph& graph, Stream& stream)
      : graph_(graph), stream_(stream), done_(graph.branches.size()), left_(graph.size()) {}

  aclError operator()() {
    const Deadline limit = Deadline::after(event_wait_limit());
    while (left_ > 0) {
      bool moved = false;
      for (size_t branch = 0; branch < done_.size(); ++branch) {
        const aclError error = advance(branch, &moved);
        if (error != ACL_SUCCESS) return error;
      }
      if (moved) continue;
      if (abort_requested()) return fail(ACL_ERROR_RT_STREAM_ABORT, "the stream was aborted");
      if (limit.passed()) {
        return fail(ACL_ERROR_RT_WAIT_TIMEOUT, "graph %u waited too long for an external event",
                    graph_.id);
      }
      const BlockingRegion waiting;
      nanosleep(&kNap, nullptr);
    }
    return ACL_SUCCESS;
  }

 private:
  aclError advance(size_t branch, bool* moved) {
    const auto& nodes = graph_.branches[branch].nodes;
    for (size_t& done = done_[branch]; done < nodes.size(); ++done, --left_, *moved = true) {
      const Node& node = nodes[done];
      if (node.waits) {
        if (done_[node.branch] < node.position) return ACL_SUCCESS;
        continue;
      }
      const auto task = graph_.task_of(node);
      if (!task->ready()) return ACL_SUCCESS;
      if (abort_requested()) return fail(ACL_ERROR_RT_STREAM_ABORT, "the stream was aborted");
      const aclError error = stream_.perform(*task, 0, static_cast<uint32_t>(done));
      if (error != ACL_SUCCESS) return failed(*task, branch, done, error);
    }
    return ACL_SUCCESS;
  }

  aclError failed(const Task& task, size_t branch, size_t number, aclError error) {
    const std::string cause = take_recent_message();
    return fail(error, "task %zu of branch %zu of graph %u, %s: %s", number, branch, graph_.id,
                task.info.name, cause.empty() ? "no details" : cause.c_str());
  }

  Graph& graph_;
  Stream& stream_;
  std::vector<size_t> done_;
  size_t left_;
};

aclError Graph::run(Stream& stream) {
  std::unique_lock lock(run_mutex_, std::try_to_lock);
  while (!lock.owns_lock()) {
    if (abort_requested()) return fail(ACL_ERROR_RT_STREAM_ABORT, "the stream was aborted");
    const BlockingRegion waiting;
    nanosleep(&kNap, nullptr);
    static_cast<void>(lock.try_lock());
  }
  return Run(*this, stream)();
}

std::shared_ptr<Task> Graph::task_of(const Node& node) {
  if (groups.empty()) return node.task;
  std::lock_guard lock(tasks_mutex_);
  return node.task;
}

void Graph::replace(const TaskGroup& group, size_t index, std::shared_ptr<Task> task) {
  std::lock_guard lock(tasks_mutex_);
  branches[group.branch].nodes[group.first + index].task.swap(task);
}

size_t Graph::size() const {
  size_t total = 0;
  for (const Branch& branch : branches) total += branch.nodes.size();
  return total;
}

Graph* create_graph(Context& context) {
  static std::atomic<uint32_t> last_id{0};
  return graphs().create(last_id.fetch_add(1, std::memory_order_relaxed) + 1, context);
}

void destroy_graph(Graph* graph) {
  if (!graph->live.exchange(false)) return;
  for (TaskGroup* group : graph->groups) {
    if (group->live.exchange(false)) groups().recycle(group);
  }
  graphs().recycle(graph);
}

void destroy_graphs_of(const Context& context) {
  graphs().for_each([&context](Graph& graph) {
    if (&graph.context == &context) destroy_graph(&graph);
  });
}

aclError find_graph(const char* api, const void* handle, Graph** graph) {
  *graph = graphs().find(handle);
  if (*graph != nullptr) return ACL_SUCCESS;
  return fail(ACL_ERROR_RT_INVALID_HANDLE,
              "%s: %p is no live model (never captured, or already destroyed)", api, handle);
}

TaskGroup* create_group(Graph& graph, uint32_t branch, size_t first) {
  return groups().create(graph, branch, first);
}

TaskGroup* find_group(const void* handle) { return groups().find(handle); }

}  // namespace ascend_emulator
