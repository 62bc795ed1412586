#pragma once

#include <c10/core/Device.h>

#include <cstddef>
#include <vector>

#include "acl/acl_rt.h"

namespace c10_npu::allocator {

// A long range of addresses, of which pages get memory as blocks need it: a segment that grows, so
// that free memory is not lost between blocks of different segments.
class ExpandableSegment {
 public:
  // Raises if CANN has no addresses. The device must be current, here and in all calls.
  ExpandableSegment(c10::DeviceIndex device, size_t size, size_t page, bool huge_pages);
  ~ExpandableSegment();
  ExpandableSegment(const ExpandableSegment&) = delete;
  ExpandableSegment& operator=(const ExpandableSegment&) = delete;

  std::byte* address() const { return address_; }
  size_t size() const { return pages_.size() * page_; }
  size_t page() const { return page_; }

  // Whole pages. False, and nothing has changed: the device has no memory for them.
  bool map(std::byte* begin, size_t bytes);
  void unmap(std::byte* begin, size_t bytes);

 private:
  size_t index_of(const std::byte* address) const {
    return static_cast<size_t>(address - address_) / page_;
  }
  bool map_page(size_t index);
  void unmap_page(size_t index);

  aclrtPhysicalMemProp properties_{};
  std::byte* address_ = nullptr;
  const size_t page_;
  std::vector<aclrtDrvMemHandle> pages_;  // null: without memory
};

}  // namespace c10_npu::allocator
