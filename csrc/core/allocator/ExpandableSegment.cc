#include "csrc/core/allocator/ExpandableSegment.h"

#include "acl/acl.h"
#include "csrc/core/NPUError.h"

namespace c10_npu::allocator {

ExpandableSegment::ExpandableSegment(c10::DeviceIndex device, size_t size, size_t page,
                                     bool huge_pages)
    : page_(page), pages_((size + page - 1) / page) {
  properties_.handleType = ACL_MEM_HANDLE_TYPE_NONE;
  properties_.allocationType = ACL_MEM_ALLOCATION_TYPE_PINNED;
  properties_.memAttr = huge_pages ? ACL_HBM_MEM_HUGE1G : ACL_HBM_MEM_HUGE;
  properties_.location.type = ACL_MEM_LOCATION_TYPE_DEVICE;
  properties_.location.id = static_cast<uint32_t>(device);
  void* address = nullptr;
  NPU_CHECK(aclrtReserveMemAddress(&address, this->size(), /*alignment=*/0, /*expectPtr=*/nullptr,
                                   /*flags=*/1));
  address_ = static_cast<std::byte*>(address);
}

ExpandableSegment::~ExpandableSegment() { NPU_CHECK_WARN(aclrtReleaseMemAddress(address_)); }

bool ExpandableSegment::map(std::byte* begin, size_t bytes) {
  const size_t first = index_of(begin);
  const size_t end = first + bytes / page_;
  for (size_t index = first; index < end; ++index) {
    if (map_page(index)) continue;
    while (index-- > first) unmap_page(index);
    return false;
  }
  return true;
}

void ExpandableSegment::unmap(std::byte* begin, size_t bytes) {
  const size_t first = index_of(begin);
  for (size_t index = first; index < first + bytes / page_; ++index) unmap_page(index);
}

bool ExpandableSegment::map_page(size_t index) {
  aclrtDrvMemHandle handle = nullptr;
  const aclError error = aclrtMallocPhysical(&handle, page_, &properties_, /*flags=*/0);
  if (error == ACL_ERROR_RT_MEMORY_ALLOCATION) return false;
  NPU_CHECK(error);
  NPU_CHECK(aclrtMapMem(address_ + index * page_, page_, /*offset=*/0, handle, /*flags=*/0));
  pages_[index] = handle;
  return true;
}

void ExpandableSegment::unmap_page(size_t index) {
  NPU_CHECK(aclrtUnmapMem(address_ + index * page_));
  NPU_CHECK(aclrtFreePhysical(pages_[index]));
  pages_[index] = nullptr;
}

}  // namespace c10_npu::allocator
