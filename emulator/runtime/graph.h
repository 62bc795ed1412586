#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "emulator/runtime/stream_state.h"

namespace ascend_emulator {

// A task of a graph, or a wait until another branch has done its first `position` tasks.
struct Node {
  bool waits = false;
  std::shared_ptr<Task> task;
  uint32_t branch = 0;
  size_t position = 0;
};

// What one stream would have run.
struct Branch {
  uint32_t stream;
  std::vector<Node> nodes;
};

class Graph;

// Consecutive tasks of a branch that can be replaced later.
struct TaskGroup {
  TaskGroup(Graph& graph, uint32_t branch, size_t first)
      : graph(graph), branch(branch), first(first) {}

  std::atomic<bool> live{false};
  Graph& graph;
  const uint32_t branch;
  const size_t first;
  std::vector<const char*> types;  // of its tasks
  bool updating = false;
};

// Captured tasks, a model running instance in CANN's words. Branches grow during the capture; from
// then on only the tasks of groups change.
class Graph {
 public:
  Graph(uint32_t id, Context& context) : id(id), context(context) {}

  // On a worker: runs every task once, each branch in order, and each wait after what it waits for.
  // One run at a time.
  aclError run(Stream& stream);

  void replace(const TaskGroup& group, size_t index, std::shared_ptr<Task> task);
  size_t size() const;

  std::atomic<bool> live{false};
  const uint32_t id;
  Context& context;
  std::vector<Branch> branches;
  std::vector<TaskGroup*> groups;
  std::atomic<int> runs{0};  // queued or running
  std::atomic<bool> capturing{true};

 private:
  class Run;

  std::shared_ptr<Task> task_of(const Node& node);

  std::mutex run_mutex_;
  std::mutex tasks_mutex_;
};

Graph* create_graph(Context& context);  // null: too many
void destroy_graph(Graph* graph);       // not running
void destroy_graphs_of(const Context& context);
aclError find_graph(const char* api, const void* handle, Graph** graph);

TaskGroup* create_group(Graph& graph, uint32_t branch, size_t first);  // null: too many
TaskGroup* find_group(const void* handle);

// For people, and for chrome://tracing.
std::string describe(const Graph& graph);
std::string to_json(const Graph& graph, bool verbose);

}  // namespace ascend_emulator
