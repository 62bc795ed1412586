// An allocator of device memory as users write them, which counts what it gives out.
#include <dlfcn.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "acl/acl.h"

namespace {

std::atomic<int64_t> held_bytes{0};
std::atomic<int64_t> allocations{0};

template <class Function>
Function* find(const char* name) {
  void* runtime = dlopen("libascendcl.so", RTLD_NOLOAD | RTLD_LAZY);
  return runtime == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(runtime, name));
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

void* counting_malloc(size_t bytes, int, aclrtStream) {
  static auto* const allocate = find<decltype(aclrtMalloc)>("aclrtMalloc");
  void* address = nullptr;
  if (allocate == nullptr || allocate(&address, bytes, ACL_MEM_MALLOC_HUGE_FIRST) != ACL_SUCCESS) {
    return nullptr;
  }
  held_bytes += static_cast<int64_t>(bytes);
  ++allocations;
  return address;
}

void counting_free(void* address, size_t bytes, int, aclrtStream stream) {
  static auto* const synchronize = find<decltype(aclrtSynchronizeStream)>("aclrtSynchronizeStream");
  static auto* const release = find<decltype(aclrtFree)>("aclrtFree");
  if (synchronize(stream) == ACL_SUCCESS && release(address) == ACL_SUCCESS) {
    held_bytes -= static_cast<int64_t>(bytes);
  }
}

int64_t counting_held() { return held_bytes; }
int64_t counting_allocations() { return allocations; }

}  // extern "C"
