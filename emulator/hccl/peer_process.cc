#include "emulator/hccl/peer_process.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace ascend_emulator::hccl {

PeerProcess::~PeerProcess() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool PeerProcess::runs(pid_t pid) {
  if (descriptor_ < 0) {
    descriptor_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    // Without a descriptor to spare or the right to watch, the timeout has to do.
    if (descriptor_ < 0) return errno != ESRCH;
  }
  pollfd watched = {descriptor_, POLLIN, 0};
  return poll(&watched, 1, 0) == 0;
}

}  // namespace ascend_emulator::hccl
