#include "emulator/runtime/segfault.h"

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <mutex>

#include "emulator/runtime/address_facts.h"
#include "emulator/runtime/address_space.h"

namespace ascend_emulator {
namespace {

struct sigaction previous;

// Only what a signal handler may do: a buffer on the stack and write().
class Line {
 public:
  Line& operator<<(const char* text) {
    while (*text != '\0' && length_ < sizeof(text_)) text_[length_++] = *text++;
    return *this;
  }
  Line& operator<<(size_t number) { return digits(number, 10); }
  Line& operator<<(const void* address) {
    return (*this << "0x").digits(reinterpret_cast<uintptr_t>(address), 16);
  }
  ~Line() {
    const ssize_t written = write(STDERR_FILENO, text_, length_);
    static_cast<void>(written);
  }

 private:
  Line& digits(size_t number, size_t base) {
    char reversed[24];
    size_t count = 0;
    do {
      reversed[count++] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    while (count > 0 && length_ < sizeof(text_)) text_[length_++] = reversed[--count];
    return *this;
  }

  char text_[512];
  size_t length_ = 0;
};

void explain(const void* address) {
  const AddressFacts facts = inspect_address(address);
  Line line;
  line << "ascend_emulator: segmentation fault: host code touched device memory at " << address;
  if (facts.device >= 0) line << " of device " << static_cast<size_t>(facts.device);
  if (facts.kind == AddressFacts::kUnallocated) {
    line << ", where no block is allocated.";
  } else {
    line << ": byte " << facts.offset << " of the "
         << (facts.kind == AddressFacts::kLive ? "live" : "freed") << " block " << facts.block
         << " of " << facts.size << " bytes.";
  }
  line << " Device memory can be reached with aclrtMemcpy and by kernels only.\n";
}

void on_segfault(int signal, siginfo_t* info, void*) {
  const bool fault = info->si_code == SEGV_ACCERR || info->si_code == SEGV_MAPERR;
  if (fault && is_device_address(info->si_addr)) explain(info->si_addr);
  // The instruction runs again under the previous handler; a signal that was sent must be repeated.
  sigaction(signal, &previous, nullptr);
  if (!fault) raise(signal);
}

}  // namespace

void explain_segfaults() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action;
    std::memset(&action, 0, sizeof(action));
    action.sa_sigaction = on_segfault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous);
  });
}

}  // namespace ascend_emulator
