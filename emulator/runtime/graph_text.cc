#include <cinttypes>
#include <cstdio>

#include "emulator/runtime/graph.h"

namespace ascend_emulator {
namespace {

template <typename... Values>
void append(std::string* text, const char* format, Values... values) {
  char line[512];
  const int length = std::snprintf(line, sizeof(line), format, values...);
  text->append(line, std::min(static_cast<size_t>(length), sizeof(line) - 1));
}

template <typename Visitor>
void visit(const Graph& graph, Visitor visitor) {
  for (const Branch& branch : graph.branches) {
    for (size_t number = 0; number < branch.nodes.size(); ++number) {
      visitor(branch, number, branch.nodes[number]);
    }
  }
}

}  // namespace

std::string describe(const Graph& graph) {
  std::string text;
  append(&text, "model %u on device %d: %zu streams, %zu tasks\n", graph.id, graph.context.device,
         graph.branches.size(), graph.size());
  visit(graph, [&](const Branch& branch, size_t number, const Node& node) {
    append(&text, "  stream %u, task %zu: ", branch.stream, number);
    if (!node.waits) {
      append(&text, "%s (%s)\n", node.task->info.name, node.task->info.engine);
    } else {
      append(&text, "waits for the first %zu tasks of stream %u\n", node.position,
             graph.branches[node.branch].stream);
    }
  });
  return text;
}

// Times are positions: nothing has run.
std::string to_json(const Graph& graph, bool verbose) {
  std::string text = "[";
  visit(graph, [&](const Branch& branch, size_t number, const Node& node) {
    const char* name = node.waits ? "EVENT_WAIT" : node.task->info.name;
    const char* type = node.waits ? "EVENT_WAIT" : node.task->info.type;
    append(&text, "%s\n{\"ph\": \"X\", \"name\": \"%s\", \"pid\": \"model %u\", \"tid\": %u, ",
           text.size() == 1 ? "" : ",", name, graph.id, branch.stream);
    append(&text, "\"ts\": %zu, \"dur\": 1, \"args\": {\"model id\": %u, \"stream id\": %u, ",
           number, graph.id, branch.stream);
    append(&text, "\"task id\": %zu, \"task type\": \"%s\"", number, type);
    if (verbose && !node.waits) {
      append(&text, ", \"bytes\": %" PRIu64 ", \"engine\": \"%s\"", node.task->info.bytes,
             node.task->info.engine);
      if (node.task->info.details != nullptr) {
        append(&text, ", \"details\": \"%s\"", node.task->info.details->c_str());
      }
    }
    text += "}}";
  });
  return text + "\n]\n";
}

}  // namespace ascend_emulator
