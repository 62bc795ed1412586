#include "emulator/ops/exchange.h"

#include <ATen/ops/from_blob.h>

#include "emulator/runtime/memory.h"

namespace ascend_emulator {

aclDataType acl_type(ScalarType type) {
  switch (type) {
    case at::kHalf:
      return ACL_FLOAT16;
    case at::kBFloat16:
      return ACL_BF16;
    case at::kFloat:
      return ACL_FLOAT;
    default:
      TORCH_CHECK(type == at::kChar, type, " is not communicated by these functions.");
      return ACL_INT8;
  }
}

Tensor decode_buffer(const Call& call, void* address, int64_t count, aclDataType dtype) {
  const auto options = at::TensorOptions(scalar_type(dtype));
  DeviceSpan span{nullptr, call.device, 0};
  const int64_t needed = count * static_cast<int64_t>(options.dtype().itemsize());
  TORCH_CHECK(resolve(address, &span) && span.device == call.device &&
                  static_cast<int64_t>(span.size) >= needed,
              "the workspace at ", address, " is no block of ", needed, " bytes on device ",
              call.device);
  return at::from_blob(span.alias, {count}, options);
}

}  // namespace ascend_emulator
