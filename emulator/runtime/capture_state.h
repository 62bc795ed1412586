#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "emulator/runtime/capture.h"

namespace ascend_emulator {

// A graph that is being captured, and the streams that take part. Everything under
// captures().mutex.
class Capture : public Diversion {
 public:
  Capture(Graph& graph, Stream& origin, aclmdlRICaptureMode mode)
      : graph(graph), origin(origin), mode(mode) {
    join(origin);
  }

  aclError take(Stream& stream, std::unique_ptr<Task> task) override;

  // The stream's tasks are captured from now on.
  uint32_t join(Stream& stream);
  uint32_t branch_of(const Stream& stream) const { return streams.at(&stream).branch; }
  Branch& nodes_of(const Stream& stream) { return graph.branches[branch_of(stream)]; }
  void add_wait(Stream& stream, uint32_t branch, size_t position);

  // Returns `code`, and remembers why the capture has no result.
  aclError break_with(aclError code, const char* format, ...) __attribute__((format(printf, 3, 4)));
  aclError refuse_broken(const char* api) const;  // 507903 if it is broken

  // 107025 if a stream's last task is not one that the origin has waited for.
  aclError check_joined() const;
  void release_streams();

  struct Member {
    Stream* stream;
    uint32_t branch;
    TaskGroup* group = nullptr;  // open
  };

  Graph& graph;
  Stream& origin;
  const aclmdlRICaptureMode mode;
  const std::thread::id thread = std::this_thread::get_id();
  std::map<const Stream*, Member> streams;
  std::string broken;  // why; empty: it is not

 private:
  bool group_elsewhere(const Stream& stream) const;
};

struct Captures {
  std::mutex mutex;
  std::vector<std::unique_ptr<Capture>> active;
  std::atomic<size_t> count{0};  // of `active`, for those who only ask whether there is one
};

Captures& captures();

// The capture that the stream takes part in; null: none. With the lock held, as is the next.
Capture* capture_of(const Stream& stream);
Capture* capture_of(Event& event);

}  // namespace ascend_emulator
