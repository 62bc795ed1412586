#include "emulator/runtime/shared_record.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "emulator/runtime/descriptor_server.h"
#include "emulator/runtime/error.h"

namespace ascend_emulator {
namespace {

constexpr off_t kMost = 16 << 20;

}  // namespace

SharedRecord::SharedRecord(SharedRecord&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), name_(std::exchange(other.name_, {})) {}

SharedRecord& SharedRecord::operator=(SharedRecord&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  return *this;
}

SharedRecord::~SharedRecord() {
  if (!name_.empty()) withdraw_offer(name_);
  if (fd_ >= 0) close(fd_);
}

SharedRecord SharedRecord::offer(const std::vector<std::byte>& facts, bool for_all) {
  SharedRecord record;
  record.fd_ = memfd_create("ascend_record", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  const auto size = static_cast<ssize_t>(facts.size());
  if (record.fd_ < 0 || write(record.fd_, facts.data(), facts.size()) != size ||
      fcntl(record.fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    fail(ACL_ERROR_RT_RESOURCE_ALLOC_FAIL, "cannot describe memory to peers: %s",
         std::strerror(errno));
    return record;
  }
  record.name_ = for_all ? offer_descriptor(record.fd_) : offer_descriptor_to_admitted(record.fd_);
  return record;
}

// A lock belongs to an open file, and a fetched descriptor shares the owner's: open it anew.
SharedRecord SharedRecord::read(int fetched, std::vector<std::byte>* facts) {
  SharedRecord record;
  struct stat status;
  const std::string path = "/proc/self/fd/" + std::to_string(fetched);
  record.fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  close(fetched);
  struct flock lock{};
  lock.l_type = F_RDLCK;
  if (record.fd_ < 0 || fstat(record.fd_, &status) != 0 || status.st_size > kMost ||
      fcntl(record.fd_, F_OFD_SETLK, &lock) != 0) {
    fail(ACL_ERROR_RT_IPC_ERROR, "what the peer sent describes no memory");
    return {};
  }
  facts->resize(static_cast<size_t>(status.st_size));
  if (pread(record.fd_, facts->data(), facts->size(), 0) != status.st_size) facts->clear();
  return record;
}

bool SharedRecord::used() const {
  if (fd_ < 0) return false;
  struct flock lock{};
  lock.l_type = F_WRLCK;
  return fcntl(fd_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace ascend_emulator
