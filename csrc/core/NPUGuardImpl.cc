#include "csrc/core/NPUGuardImpl.h"

#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/ThreadState.h"

namespace c10_npu {
namespace {

c10::Device npu(c10::DeviceIndex index) { return c10::Device(kNPU, index); }

NPUStream npu_stream(const c10::Stream& stream) { return NPUStream(NPUStream::UNCHECKED, stream); }

thread_local event::Event* adopted = nullptr;

event::Event& npu_event(void* event) { return *static_cast<event::Event*>(event); }

}  // namespace

void event::adopt(Event* given) noexcept { adopted = given; }

C10_REGISTER_GUARD_IMPL(PrivateUse1, NPUGuardImpl);

NPUGuardImpl::NPUGuardImpl(c10::DeviceType type) {
  TORCH_CHECK(type == kNPU,
              "Expected all tensors to be on the same device, but found at least two devices, npu "
              "and ",
              c10::DeviceTypeName(type, /*lower_case=*/true), ". Move the tensor with .npu().");
}

c10::Device NPUGuardImpl::exchangeDevice(c10::Device device) const {
  return npu(exchange_device(device.index()));
}

c10::Device NPUGuardImpl::getDevice() const { return npu(current_device()); }

void NPUGuardImpl::setDevice(c10::Device device) const { exchange_device(device.index()); }

// Guards restore the thread's earlier device with this. It is known to be valid, and must not be
// brought to life by that: if nothing used it, the next use binds it.
void NPUGuardImpl::uncheckedSetDevice(c10::Device device) const noexcept {
  if (thread_state.bound == device.index() || !has_primary_context(device.index())) {
    thread_state.current = device.index();
    return;
  }
  try {
    set_device(device.index());
  } catch (const c10::Error& error) {
    TORCH_WARN("npu:", static_cast<int>(device.index()),
               " could not be made current again: ", error.what_without_backtrace());
  }
}

c10::DeviceIndex NPUGuardImpl::deviceCount() const noexcept { return device_count(); }

// Atlas A2 computes in these; float64 and complex128 exist as storage and for a few operators.
c10::DeviceCapability NPUGuardImpl::getDeviceCapability(c10::Device) const {
  c10::DeviceCapability capability;
  capability.capability_data.capability_bits =
      (1ULL << c10::kIndex_Byte) | (1ULL << c10::kIndex_Char) | (1ULL << c10::kIndex_Short) |
      (1ULL << c10::kIndex_Int) | (1ULL << c10::kIndex_Long) | (1ULL << c10::kIndex_Half) |
      (1ULL << c10::kIndex_Float) | (1ULL << c10::kIndex_Double) |
      (1ULL << c10::kIndex_ComplexFloat) | (1ULL << c10::kIndex_ComplexDouble) |
      (1ULL << c10::kIndex_Bool) | (1ULL << c10::kIndex_BFloat16);
  return capability;
}

void NPUGuardImpl::synchronizeDevice(c10::DeviceIndex device) const {
  const NPUGuard guard(device);
  device_synchronize();
}

c10::Stream NPUGuardImpl::getStream(c10::Device device) const {
  return getCurrentNPUStream(device.index());
}

c10::Stream NPUGuardImpl::getDefaultStream(c10::Device device) const {
  return getDefaultNPUStream(device.index());
}

c10::Stream NPUGuardImpl::getStreamFromGlobalPool(c10::Device device, bool high_priority) const {
  return getNPUStreamFromPool(high_priority, device.index());
}

c10::Stream NPUGuardImpl::getNewStream(c10::Device device, int priority) const {
  return getNPUStreamFromPool(priority < 0, device.index());
}

c10::Stream NPUGuardImpl::exchangeStream(c10::Stream stream) const {
  const NPUStream previous = getCurrentNPUStream(stream.device_index());
  setCurrentNPUStream(npu_stream(stream));
  return previous;
}

void* NPUGuardImpl::getStreamNativeHandle(c10::Stream stream) const {
  return npu_stream(stream).stream();
}

bool NPUGuardImpl::queryStream(const c10::Stream& stream) const {
  return npu_stream(stream).query();
}

void NPUGuardImpl::synchronizeStream(const c10::Stream& stream) const {
  npu_stream(stream).synchronize();
}

// c10::Event keeps the handle; it is created at its first record. BACKEND_DEFAULT is what
// torch.Event(enable_timing=True) asks for.
void NPUGuardImpl::record(void** event, const c10::Stream& stream, c10::DeviceIndex device,
                          c10::EventFlag flag) const {
  TORCH_CHECK(device == -1 || device == stream.device_index(),
              "an event of npu:", static_cast<int>(device), " cannot be recorded on a stream of ",
              stream.device());
  if (*event == nullptr && adopted != nullptr) {
    *event = std::exchange(adopted, nullptr);
    return;
  }
  if (*event == nullptr) {
    const bool timing = flag == c10::EventFlag::BACKEND_DEFAULT;
    *event =
        event::create(stream.device_index(), timing ? event::Kind::kTiming : event::Kind::kOrder);
  }
  event::record(npu_event(*event), npu_stream(stream));
}

void NPUGuardImpl::block(void* event, const c10::Stream& stream) const {
  if (event != nullptr) event::block(npu_event(event), npu_stream(stream));
}

bool NPUGuardImpl::queryEvent(void* event) const {
  return event == nullptr || event::query(npu_event(event));
}

void NPUGuardImpl::synchronizeEvent(void* event) const {
  if (event != nullptr) event::synchronize(npu_event(event));
}

double NPUGuardImpl::elapsedTime(void* start, void* end, c10::DeviceIndex device) const {
  TORCH_CHECK(start != nullptr && end != nullptr,
              "elapsed_time needs two events that were recorded");
  const NPUGuard guard(device);
  return event::elapsed_time(npu_event(start), npu_event(end));
}

void NPUGuardImpl::destroyEvent(void* event, c10::DeviceIndex) const noexcept {
  event::destroy(static_cast<event::Event*>(event));
}

void NPUGuardImpl::recordDataPtrOnStream(const c10::DataPtr& data,
                                         const c10::Stream& stream) const {
  NPUCachingAllocator::recordStream(data, npu_stream(stream));
}

}  // namespace c10_npu
