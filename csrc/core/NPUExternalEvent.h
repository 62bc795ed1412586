#pragma once

#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUStream.h"

namespace c10_npu {

// A mark that connects a graph with work outside of it: unlike other events it is recorded and
// waited for at each replay. It stays set until reset() is reached.
class NPUExternalEvent {
 public:
  NPUExternalEvent() = default;
  ~NPUExternalEvent();
  NPUExternalEvent(const NPUExternalEvent&) = delete;
  NPUExternalEvent& operator=(const NPUExternalEvent&) = delete;

  void record(const NPUStream& stream);
  void wait(const NPUStream& stream);
  void reset(const NPUStream& stream);

 private:
  event::Event& created_for(const NPUStream& stream);

  event::Event* event_ = nullptr;
};

}  // namespace c10_npu
