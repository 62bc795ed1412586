// A client whose own exit handler, older than the emulator's, still uses streams that have work.

#include <unistd.h>

#include <cstdlib>
#include <ctime>

#include "acl/acl_rt.h"
#include "tests/emulator/runtime/check.h"

namespace {

constexpr unsigned kTooLong = 30;  // seconds; SIGALRM ends a hang

aclrtStream busy;

void sleep_a_little(void*) {
  const timespec pause{0, 20'000'000};
  nanosleep(&pause, nullptr);
}

void clean_up() {
  CHECK(aclrtSynchronizeStream(busy) == ACL_ERROR_RT_INTERNAL_ERROR);
  CHECK(aclrtDestroyStream(busy) == ACL_SUCCESS);
  CHECK(aclrtSynchronizeDevice() == ACL_SUCCESS);
  CHECK(aclrtResetDevice(0) == ACL_SUCCESS);
}

}  // namespace

int main() {
  alarm(kTooLong);
  std::atexit(clean_up);
  CHECK(aclrtSetDevice(0) == ACL_SUCCESS);
  CHECK(aclrtCreateStream(&busy) == ACL_SUCCESS);
  for (int i = 0; i < 2000; ++i) {
    CHECK(aclrtLaunchHostFunc(busy, sleep_a_little, nullptr) == ACL_SUCCESS);
  }
  return 0;
}
