// What PyTorch's device-independent code asks of a backend; registered when the library loads.
#include <ATen/detail/PrivateUse1HooksInterface.h>

#include <algorithm>

#include "acl/acl.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUFormat.h"
#include "csrc/core/NPUFunctions.h"
#include "csrc/core/NPUGenerator.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/NPUHostAllocator.h"

namespace c10_npu {
namespace {

struct NPUHooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return device_count() > 0; }
  void init() const override { lazy_init(); }
  bool hasPrimaryContext(c10::DeviceIndex device) const override {
    return has_primary_context(device);
  }

  c10::DeviceIndex deviceCount() const override { return device_count(); }
  void setCurrentDevice(c10::DeviceIndex device) const override { set_device(device); }
  c10::DeviceIndex getCurrentDevice() const override { return current_device(); }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex device) const override {
    return exchange_device(device);
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex device) const override {
    return maybe_exchange_device(device);
  }

  const at::Generator& getDefaultGenerator(c10::DeviceIndex device) const override {
    return detail::getDefaultNPUGenerator(device);
  }
  at::Generator getNewGenerator(c10::DeviceIndex device) const override {
    return detail::createNPUGenerator(device);
  }

  at::Allocator* getPinnedMemoryAllocator() const override { return NPUHostAllocator::get(); }
  bool isPinnedPtr(const void* data) const override { return NPUHostAllocator::isPinned(data); }
  at::Device getDeviceFromPtr(void* data) const override;

  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const override;
};

at::Device NPUHooks::getDeviceFromPtr(void* data) const {
  lazy_init();
  aclrtPtrAttributes attributes{};
  NPU_CHECK(aclrtPointerGetAttributes(data, &attributes));
  TORCH_CHECK(attributes.location.type == ACL_MEM_LOCATION_TYPE_DEVICE, data,
              " does not point to the memory of an npu device");
  return at::Device(kNPU, static_cast<c10::DeviceIndex>(attributes.location.id));
}

void NPUHooks::resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const {
  const NPUGuard guard(storage.device());
  c10::StorageImpl* impl = storage.unsafeGetStorageImpl();
  TORCH_CHECK(formatted_memory(impl->data_ptr()) == nullptr,
              "a tensor in a private memory format cannot be resized. Cast it to the format ND "
              "first: torch_npu.npu_format_cast(x, torch_npu.Format.ND).");
  TORCH_CHECK(impl->resizable(), "Trying to resize storage that is not resizable");
  const NPUStream stream = getCurrentNPUStream();
  c10::DataPtr data = NPUCachingAllocator::allocate(bytes, stream);
  if (const size_t kept = std::min(bytes, impl->nbytes()); kept > 0) {
    NPU_CHECK(aclrtMemcpyAsync(data.get(), bytes, impl->data(), kept, ACL_MEMCPY_DEVICE_TO_DEVICE,
                               stream.stream()));
    NPUCachingAllocator::recordStream(impl->data_ptr(), stream);
  }
  impl->set_data_ptr_noswap(std::move(data));
  impl->set_nbytes(bytes);
}

const bool registered = [] {
  at::RegisterPrivateUse1HooksInterface(new NPUHooks);
  return true;
}();

}  // namespace
}  // namespace c10_npu
