#include "csrc/profiler/profiler.h"

#include <c10/util/Exception.h>

#include <memory>
#include <mutex>

#include "csrc/core/TaskQueue.h"
#include "csrc/profiler/device_profiling.h"
#include "csrc/profiler/event_writer.h"
#include "csrc/profiler/op_observer.h"

namespace torch_npu::profiler {
namespace {

struct Session {
  std::string path;
  Activities activities;
  std::unique_ptr<DeviceProfiling> device;  // null without the NPU activity
  std::unique_ptr<EventWriter> writer;      // while host operators are recorded
  // Operators and their launches are joined by thread and time, so both happen on one thread.
  std::unique_ptr<c10_npu::InPlaceLaunches> in_place = nullptr;
};

std::mutex mutex;
std::unique_ptr<Session> session;

Session& opened(const char* call) {
  TORCH_CHECK(session != nullptr, call, ": no profiling session; call init_profiler first");
  return *session;
}

uint64_t stop(Session& running) {
  if (running.writer != nullptr) stop_observing_ops();
  running.in_place.reset();
  // The host's records are kept even if the device's side fails.
  std::unique_ptr<EventWriter> writer = std::move(running.writer);
  const uint64_t lost = writer != nullptr ? writer->finish() : 0;
  if (running.device != nullptr) running.device->stop();
  return lost;
}

}  // namespace

void init_profiler(const std::string& path, const Activities& activities) {
  std::lock_guard lock(mutex);
  TORCH_CHECK(session == nullptr, "A profiling session is open already (in ",
              session == nullptr ? "" : session->path, "); stop it before starting another one");
  auto opening = std::make_unique<Session>(Session{path, activities, nullptr, nullptr});
  if (activities.npu) opening->device = std::make_unique<DeviceProfiling>(path);
  session = std::move(opening);
}

void warmup_profiler(const Config& config) {
  std::lock_guard lock(mutex);
  Session& current = opened("warmup_profiler");
  if (current.device != nullptr) current.device->warmup(config);
}

void start_profiler(const Config& config) {
  std::lock_guard lock(mutex);
  Session& current = opened("start_profiler");
  TORCH_CHECK(current.writer == nullptr, "start_profiler: the session is recording already");
  if (current.device != nullptr) current.device->start(config);
  if (current.activities.cpu) {
    current.in_place = std::make_unique<c10_npu::InPlaceLaunches>();
    current.writer = std::make_unique<EventWriter>(current.path + "/FRAMEWORK");
    start_observing_ops(config.record_shapes);
  }
}

uint64_t stop_profiler() {
  std::lock_guard lock(mutex);
  return stop(opened("stop_profiler"));
}

void finalize_profiler() {
  std::lock_guard lock(mutex);
  if (session == nullptr) return;
  const std::unique_ptr<Session> closing = std::move(session);
  stop(*closing);
}

}  // namespace torch_npu::profiler
