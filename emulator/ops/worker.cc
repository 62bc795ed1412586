#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>

#include "emulator/ops/emulate.h"
#include "emulator/runtime/env.h"

namespace ascend_emulator {
namespace {

// at::set_num_threads() would change the whole process, the client's own CPU operators included;
// OpenMP's own setting belongs to the calling thread. It is looked up in libtorch_cpu, which brings
// its own copy of OpenMP.
void set_thread_count(int count) {
  at::get_num_threads();  // first use sets this thread to the process's default
  const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set != nullptr) set(count);
}

struct WorkerThread {
  WorkerThread() { set_thread_count(static_cast<int>(env().threads)); }
  c10::InferenceMode inference;
};

}  // namespace

void enter_worker_thread() { static thread_local const WorkerThread worker; }

}  // namespace ascend_emulator
