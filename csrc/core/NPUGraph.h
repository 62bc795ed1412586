#pragma once

#include <ATen/core/GraphImplInterface.h>
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUStream.h"
#include "csrc/core/TaskQueue.h"

typedef void* aclmdlRI;

namespace c10_npu {

// Where a captured operator has its random numbers from: seed and offset are int64 tensors of one
// element that each replay() writes first, `first` is added to the offset.
struct CapturedPhilox {
  at::Tensor seed;
  at::Tensor offset;
  uint64_t first;
};

// Operators that were captured once, from one stream and those that joined it, to run many times in
// the same memory. torch.npu.NPUGraph and torch.accelerator.Graph.
class NPUGraph final : public at::GraphImplInterface {
 public:
  // keep_graph changes nothing: CANN's captures can be run as they are.
  explicit NPUGraph(const at::GraphImplArgs& = {}) {}
  ~NPUGraph() override;

  // Captures the current stream, in the memory of `pool` ({0, 0}: one of its own).
  void capture_begin(c10::MempoolId_t pool, at::GraphCaptureMode mode) override;
  // Raises if the capture has become invalid; then the graph is empty again.
  void capture_end() override;
  // Nothing is left to do after capture_end().
  void instantiate() override { check_captured("instantiate()"); }
  // Runs everything once, in order with the current stream.
  void replay() override;
  // Makes the graph empty, also in the middle of a capture.
  void reset() override;
  c10::MempoolId_t pool() const override;
  // debug_dump() tells more from then on.
  void enable_debug_mode() override { verbose_ = true; }
  // JSON for chrome://tracing.
  void debug_dump(const std::string& path) override;

  // Reserves random numbers for an operator on `stream`; nothing if that is not being captured.
  static std::optional<CapturedPhilox> reserve(NPUGeneratorImpl& generator, uint64_t increment,
                                               const NPUStream& stream);

 private:
  enum class State { kEmpty, kCapturing, kCaptured };

  // What the operators of the graph draw from one generator.
  struct Draws {
    c10::intrusive_ptr<NPUGeneratorImpl> generator;
    at::Tensor seed;
    at::Tensor offset;
    uint64_t count = 0;
  };

  void check_captured(const char* call) const;
  void leave_capture();
  void release_memory();
  CapturedPhilox reserve(NPUGeneratorImpl& generator, uint64_t increment);

  State state_ = State::kEmpty;
  bool verbose_ = false;
  std::optional<NPUStream> stream_;  // that is or was captured
  // During the capture: what is launched belongs to it only until its end.
  std::optional<InPlaceLaunches> in_place_;
  aclmdlRI model_ = nullptr;
  c10::MempoolId_t pool_{0, 0};
  c10::MempoolId_t host_pool_{0, 0};  // never shared: the host allocator cannot revive a pool
  std::vector<Draws> draws_;
};

// Operators of a capture that can be replaced later: what is launched on `stream` between begin and
// end is the group, what is launched between the update calls takes its place.
void task_group_begin(const NPUStream& stream);
void* task_group_end(const NPUStream& stream);
void task_update_begin(const NPUStream& stream, void* group);
void task_update_end(const NPUStream& stream);

}  // namespace c10_npu
