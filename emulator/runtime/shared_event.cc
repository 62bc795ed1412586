#include "emulator/runtime/shared_event.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "emulator/runtime/descriptor_server.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

constexpr int64_t kLookMs = 50;  // how often a waiter looks whether the recorder still lives
constexpr std::chrono::milliseconds kFetchTimeout{10'000};

}  // namespace

struct SharedEvent::Page {
  std::atomic<uint64_t> announced;
  std::atomic<uint64_t> completed;
  std::atomic<uint32_t> epoch;  // grows with `completed`; waiters sleep on it
  std::atomic<int32_t> recorder;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared between processes");

std::shared_ptr<SharedEvent> SharedEvent::map(int fd) {
  void* page = mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) {
    return std::shared_ptr<SharedEvent>(new SharedEvent(fd, static_cast<Page*>(page)));
  }
  fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "cannot map an interprocess event: %s",
       std::strerror(errno));
  close(fd);
  return nullptr;
}

std::shared_ptr<SharedEvent> SharedEvent::create() {
  const int fd = memfd_create("ascend_event", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd >= 0 && ftruncate(fd, sizeof(Page)) == 0 &&
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
    return map(fd);
  }
  fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "cannot create an interprocess event: %s",
       std::strerror(errno));
  if (fd >= 0) close(fd);
  return nullptr;
}

std::shared_ptr<SharedEvent> SharedEvent::open(const std::string& name) {
  const int fd = fetch_descriptor(name, kFetchTimeout);
  if (fd < 0) return nullptr;
  struct stat facts;
  if (fstat(fd, &facts) == 0 && facts.st_size == sizeof(Page)) return map(fd);
  fail(ACL_ERROR_RT_PARAM_INVALID, "%s is no interprocess event", name.c_str());
  close(fd);
  return nullptr;
}

SharedEvent::~SharedEvent() {
  if (!name_.empty()) withdraw_offer(name_);
  munmap(page_, sizeof(Page));
  close(fd_);
}

std::string SharedEvent::name() {
  if (name_.empty()) name_ = offer_descriptor(fd_);
  return name_;
}

uint64_t SharedEvent::announce() {
  page_->recorder.store(getpid(), std::memory_order_relaxed);
  return page_->announced.fetch_add(1, std::memory_order_acq_rel) + 1;
}

void SharedEvent::complete(uint64_t number) {
  uint64_t seen = page_->completed.load(std::memory_order_relaxed);
  while (seen < number && !page_->completed.compare_exchange_weak(seen, number)) {
  }
  page_->epoch.fetch_add(1, std::memory_order_seq_cst);
  syscall(SYS_futex, &page_->epoch, FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

uint64_t SharedEvent::latest() const { return page_->announced.load(std::memory_order_acquire); }

bool SharedEvent::reached(uint64_t number) const {
  return page_->completed.load(std::memory_order_acquire) >= number;
}

SharedEvent::Result SharedEvent::wait(uint64_t number, const Deadline& deadline) const {
  while (true) {
    const uint32_t epoch = page_->epoch.load(std::memory_order_seq_cst);
    const pid_t recorder = page_->recorder.load(std::memory_order_relaxed);
    const bool gone = kill(recorder, 0) != 0 && errno == ESRCH;
    if (reached(number)) return Result::kReached;
    if (gone) return Result::kRecorderGone;
    if (deadline.passed()) return Result::kTimeout;
    const timespec look{0, kLookMs * 1'000'000};
    syscall(SYS_futex, &page_->epoch, FUTEX_WAIT, epoch, &look, nullptr, 0);
  }
}

}  // namespace ascend_emulator
