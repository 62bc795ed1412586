#pragma once

#include <c10/core/Allocator.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <vector>

#include "acl/acl_base.h"

// Memory in one of Ascend's private formats (FRACTAL_NZ), which is known by the deleter of its
// DataPtr: so every tensor over the storage, views included, tells it in one comparison.
namespace c10_npu {

struct FormattedMemory {
  c10::DataPtr memory;  // the allocator's
  aclFormat format;
  std::vector<int64_t> storage_sizes;  // as the elements lie there, padding included
  std::vector<int64_t> sizes;          // of the tensor in it, which is contiguous
  c10::ScalarType dtype;
};

c10::DataPtr make_formatted(FormattedMemory memory);
void release_formatted(void* context);

// Null for ordinary memory.
inline const FormattedMemory* formatted_memory(const c10::DataPtr& data) {
  if (C10_LIKELY(data.get_deleter() != &release_formatted)) return nullptr;
  return static_cast<const FormattedMemory*>(data.get_context());
}

}  // namespace c10_npu
