#include "csrc/core/NPUPluggableAllocator.h"

#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/TaskQueue.h"

namespace c10_npu {
namespace {

NPUStream stream_of(c10::DeviceIndex device, c10::StreamId id) {
  return NPUStream(c10::Stream(c10::Stream::UNSAFE, c10::Device(kNPU, device), id));
}

[[noreturn]] void throw_not_counted() {
  TORCH_CHECK_NOT_IMPLEMENTED(false,
                              "a pluggable allocator keeps no statistics: ask the library that the "
                              "memory comes from");
}

}  // namespace

c10::DataPtr NPUPluggableAllocator::allocate_for(size_t bytes, NPUStream stream) {
  if (bytes == 0) return {nullptr, nullptr, &release, stream.device()};
  const NPUGuard guard(stream.device_index());
  void* address = allocate_(bytes, stream.device_index(), stream.stream());
  TORCH_CHECK_WITH(OutOfMemoryError, address != nullptr, "the pluggable npu allocator has no ",
                   bytes, " bytes on ", stream.device());
  return {address, new Piece{this, address, bytes, stream, {}}, &release, stream.device()};
}

c10::DataPtr NPUPluggableAllocator::allocate(size_t bytes) {
  return allocate_for(bytes, getCurrentNPUStream());
}

void NPUPluggableAllocator::release(void* context) {
  if (context == nullptr || is_in_bad_fork()) return;
  const std::unique_ptr<Piece> piece(static_cast<Piece*>(context));
  try {
    for (const NPUStream& stream : piece->other_uses) stream.synchronize();
  } catch (const c10::Error& error) {
    TORCH_WARN("npu memory is lost, its use on other streams did not end: ",
               error.what_without_backtrace());
    return;
  }
  piece->owner->free(piece->address, piece->bytes, piece->stream.device_index(),
                     piece->stream.id());
}

void NPUPluggableAllocator::recordStream(const c10::DataPtr& data, c10::Stream stream) {
  if (data.get_deleter() != &release || data.get_context() == nullptr) return;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  auto& piece = *static_cast<Piece*>(data.get_context());
  if (!(piece.stream == NPUStream(stream))) piece.other_uses.push_back(NPUStream(stream));
}

void NPUPluggableAllocator::copy_data(void* destination, const void* source, size_t bytes) const {
  NPUCachingAllocator::copy_data(destination, source, bytes);
}

bool NPUPluggableAllocator::initialized() { return is_initialized(); }

std::pair<size_t, size_t> NPUPluggableAllocator::getMemoryInfo(c10::DeviceIndex device) {
  return NPUCachingAllocator::getMemoryInfo(device);
}

c10::CachingDeviceAllocator::DeviceStats NPUPluggableAllocator::getDeviceStats(c10::DeviceIndex) {
  throw_not_counted();
}
void NPUPluggableAllocator::resetAccumulatedStats(c10::DeviceIndex) { throw_not_counted(); }
void NPUPluggableAllocator::resetPeakStats(c10::DeviceIndex) { throw_not_counted(); }

void* NPUPluggableAllocator::allocate(size_t bytes, c10::DeviceIndex device, c10::StreamId stream) {
  return allocate_(bytes, device, stream_of(device, stream).handle());
}

// The function may wait for the stream: everything queued has to be in it by then.
void NPUPluggableAllocator::free(void* address, size_t bytes, c10::DeviceIndex device,
                                 c10::StreamId stream) noexcept {
  try {
    const NPUGuard guard(device);
    drain_tasks(device);
    free_(address, bytes, device, stream_of(device, stream).handle());
  } catch (const c10::Error& error) {
    TORCH_WARN("npu memory was not given back: ", error.what_without_backtrace());
  }
}

}  // namespace c10_npu
