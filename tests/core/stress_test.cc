// Threads, streams, events, memory and the task queue at once. Built with sanitizers, too: see
// CONTRIBUTING.md. Usage: stress_test [steps]
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "acl/acl.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUStream.h"
#include "csrc/core/TaskQueue.h"

namespace {

using c10_npu::NPUEvent;
using c10_npu::NPUStream;
namespace allocator = c10_npu::NPUCachingAllocator;

constexpr int kThreads = 8;
constexpr int kStreams = 8;
constexpr size_t kValues = 512;
using Values = std::array<int32_t, kValues>;

// Values of one thread, which wander from stream to stream and from block to block.
class Wanderer {
 public:
  Wanderer(int thread, int steps) : random_(static_cast<unsigned>(thread)), steps_(steps) {
    for (int i = 0; i < kStreams; ++i) streams_.push_back(c10_npu::getNPUStreamFromPool());
    for (size_t i = 0; i < kValues; ++i) {
      values_[i] = static_cast<int32_t>(thread * 1000 + static_cast<int>(i));
    }
  }

  // Whether the values are at the end what they were at the beginning.
  bool run() {
    NPUStream stream = streams_[0];
    c10::DataPtr block = allocator::allocate(sizeof(Values), stream);
    copy(block.get(), values_.data(), ACL_MEMCPY_HOST_TO_DEVICE, stream);
    for (int step = 0; step < steps_; ++step) {
      scribble(stream);
      const NPUStream next = streams_[random_() % kStreams];
      NPUEvent written;
      written.record(stream);
      written.block(next);
      c10::DataPtr other = allocator::allocate(sizeof(Values), next);
      copy(other.get(), block.get(), ACL_MEMCPY_DEVICE_TO_DEVICE, next);
      allocator::recordStream(block, next);
      block = std::move(other);  // the old one may go to others once `next` has read it
      stream = next;
    }
    Values result{};
    copy(result.data(), block.get(), ACL_MEMCPY_DEVICE_TO_HOST, stream);
    stream.synchronize();
    return result == values_;
  }

 private:
  static void copy(void* to, const void* from, aclrtMemcpyKind kind, const NPUStream& stream) {
    c10_npu::submit(stream, [=, handle = stream.handle()] {
      NPU_CHECK(aclrtMemcpyAsync(to, sizeof(Values), from, sizeof(Values), kind, handle));
    });
  }

  // Writes into memory that is free again before the device has done it.
  void scribble(const NPUStream& stream) {
    const c10::DataPtr scratch = allocator::allocate(sizeof(Values), stream);
    c10_npu::submit(stream, [address = scratch.get(), handle = stream.handle()] {
      NPU_CHECK(aclrtMemsetAsync(address, sizeof(Values), 0xAB, sizeof(Values), handle));
    });
  }

  std::mt19937 random_;
  int steps_;
  std::vector<NPUStream> streams_;
  Values values_{};
};

}  // namespace

int main(int count, char** arguments) {
  const int steps = count > 1 ? std::atoi(arguments[1]) : 10000;
  c10_npu::lazy_init();
  std::array<bool, kThreads> kept{};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&kept, i, steps] { kept[i] = Wanderer(i, steps).run(); });
  }
  for (std::thread& thread : threads) thread.join();
  allocator::emptyCache();
  const bool all_kept = std::ranges::all_of(kept, [](bool value) { return value; });
  const bool none_left = allocator::snapshot().segments.empty();
  std::printf("values %s, memory %s\n", all_kept ? "kept" : "LOST",
              none_left ? "given back" : "LEAKED");
  return all_kept && none_left ? 0 : 1;
}
