#include "csrc/core/NPUFormat.h"

#include <utility>

namespace c10_npu {

c10::DataPtr make_formatted(FormattedMemory memory) {
  void* const address = memory.memory.get();
  const c10::Device device = memory.memory.device();
  return {address, new FormattedMemory(std::move(memory)), &release_formatted, device};
}

void release_formatted(void* context) { delete static_cast<FormattedMemory*>(context); }

}  // namespace c10_npu
