#pragma once

#include <atomic>

#include "emulator/runtime/export.h"

// What the end and the forking of the process mean for threads that work for a device.
namespace ascend_emulator {

// True in a child that was forked after a device had been opened: nothing can work there.
EMULATOR_API bool forked();
void watch_for_fork();  // from now on

// True once the process exits: workers have ended or are parked, so nothing queued will run any
// more. Destructors of clients may still call.
bool process_ending();

void watch_for_exit();  // before a worker starts

// Registers the calling thread as a worker for its lifetime. At process exit the emulator lets
// workers finish what they run, because the code and data that kernels use are torn down next, and
// parks them afterwards.
class WorkerScope {
 public:
  WorkerScope();
  ~WorkerScope();
  WorkerScope(const WorkerScope&) = delete;
  WorkerScope& operator=(const WorkerScope&) = delete;

  void enter();  // about to run a task; does not return once the process exits
  void leave();

 private:
  friend class BlockingRegion;
  friend bool workers_inside();
  std::atomic<bool> inside_{false};
};

// While one exists on a worker, the worker only waits, or runs code of the client: the process may
// exit meanwhile. Everywhere else it does nothing.
class EMULATOR_API BlockingRegion {
 public:
  BlockingRegion();
  ~BlockingRegion();
  BlockingRegion(const BlockingRegion&) = delete;
  BlockingRegion& operator=(const BlockingRegion&) = delete;
};

}  // namespace ascend_emulator
