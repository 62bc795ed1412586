#include "emulator/hccl/control_block.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace ascend_emulator::hccl {
namespace {

// Recognises a block of another emulator build, whose fields lie elsewhere.
constexpr uint64_t kLayout = 0x4843434c'00010000 + sizeof(ControlBlock);

// Not the private kind: the waiters live in several processes.
long futex(std::atomic<uint32_t>& word, int operation, uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), operation, value, timeout, nullptr,
                 0);
}

}  // namespace

void ControlBlock::announce() {
  epoch.fetch_add(1, std::memory_order_seq_cst);
  futex(epoch, FUTEX_WAKE, INT_MAX, nullptr);
}

bool ControlBlock::sleep(uint32_t seen, std::chrono::milliseconds longest) {
  const timespec timeout = {longest.count() / 1000, (longest.count() % 1000) * 1000000};
  return futex(epoch, FUTEX_WAIT, seen, &timeout) == 0 || errno != ETIMEDOUT;
}

Status create_control_block(int* descriptor) {
  const int fd = memfd_create("hccl-control", MFD_CLOEXEC);
  if (fd < 0) return failure(HCCL_E_SYSCALL, "memfd_create failed: %s", strerror(errno));
  const uint64_t layout = kLayout;
  if (ftruncate(fd, sizeof(ControlBlock)) != 0 ||
      pwrite(fd, &layout, sizeof(layout), 0) != sizeof(layout)) {
    const Status status =
        failure(HCCL_E_MEMORY, "no shared memory for a communicator: %s", strerror(errno));
    close(fd);
    return status;
  }
  *descriptor = fd;
  return {};
}

Status map_control_block(int descriptor, SharedControl* block) {
  if (lseek(descriptor, 0, SEEK_END) != static_cast<off_t>(sizeof(ControlBlock))) {
    return failure(HCCL_E_INTERNAL, "the root rank runs another version of the emulator");
  }
  void* memory =
      mmap(nullptr, sizeof(ControlBlock), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) {
    return failure(HCCL_E_MEMORY, "mapping a communicator's shared memory failed: %s",
                   strerror(errno));
  }
  *block = SharedControl(static_cast<ControlBlock*>(memory),
                         [](ControlBlock* mapped) { munmap(mapped, sizeof(ControlBlock)); });
  if ((*block)->layout == kLayout) return {};
  block->reset();
  return failure(HCCL_E_INTERNAL, "the root rank runs another version of the emulator");
}

}  // namespace ascend_emulator::hccl
