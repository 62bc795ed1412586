#pragma once

#include <sys/types.h>

namespace ascend_emulator::hccl {

// A process that runs a rank, watched by a pidfd: its death is seen even while it is a zombie, and
// a recycled pid is not mistaken for it.
class PeerProcess {
 public:
  PeerProcess() = default;
  ~PeerProcess();
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;

  // Starts watching at the first call.
  bool runs(pid_t pid);

 private:
  int descriptor_ = -1;
};

}  // namespace ascend_emulator::hccl
