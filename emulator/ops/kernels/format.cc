#include "emulator/ops/functions/format.h"

#include "emulator/ops/emulate.h"
#include "emulator/ops/fractal.h"

namespace ascend_emulator {

EMULATE(aclnnNpuFormatCast, [](Tensor src, StoredTensor dst) {
  TORCH_CHECK(src.sizes() == dst.sizes, "dstTensor has shape ", dst.sizes, ", srcTensor ",
              src.sizes());
  if (dst.format == ACL_FORMAT_FRACTAL_NZ) {
    to_fractal(src, dst.memory);
  } else {
    dst.memory.copy_(src);
  }
})

}  // namespace ascend_emulator
