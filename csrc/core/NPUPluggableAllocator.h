#pragma once

#include <c10/core/CachingDeviceAllocator.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "csrc/core/NPUStream.h"
#include "csrc/core/SegmentSource.h"

namespace c10_npu {

// Device memory from functions of a user's library, in place of the caching allocator or of what a
// memory pool gets from CANN.
class NPUPluggableAllocator final : public c10::DeviceAllocator, public SegmentSource {
 public:
  using Allocate = void*(size_t bytes, int device, aclrtStream stream);
  using Free = void(void* address, size_t bytes, int device, aclrtStream stream);

  NPUPluggableAllocator(Allocate* allocate, Free* free) : allocate_(allocate), free_(free) {}

  // For tensors on `stream`. Raises torch.OutOfMemoryError if the function returns null.
  c10::DataPtr allocate_for(size_t bytes, NPUStream stream);
  c10::DataPtr allocate(size_t bytes) override;
  void copy_data(void* destination, const void* source, size_t bytes) const override;
  bool initialized() override;
  // The memory is not given back before `stream` has done what it was told until then.
  void recordStream(const c10::DataPtr& data, c10::Stream stream) override;
  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex device) override;

  // Nothing is cached here, and nothing is counted.
  void emptyCache(c10::MempoolId_t) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override;
  void resetAccumulatedStats(c10::DeviceIndex) override;
  void resetPeakStats(c10::DeviceIndex) override;

  // For the segments of a pool.
  void* allocate(size_t bytes, c10::DeviceIndex device, c10::StreamId stream) override;
  void free(void* address, size_t bytes, c10::DeviceIndex device,
            c10::StreamId stream) noexcept override;

 private:
  struct Piece {
    NPUPluggableAllocator* owner;
    void* address;
    size_t bytes;
    NPUStream stream;
    std::vector<NPUStream> other_uses;
  };
  static void release(void* piece);

  Allocate* allocate_;
  Free* free_;
};

}  // namespace c10_npu
