#include <ATen/ops/linalg_matrix_exp_native.h>
#include <torch/library.h>

namespace at_npu {

// PyTorch's own, of operators that the device has.
TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("linalg_matrix_exp", &at::native::linalg_matrix_exp);
}

}  // namespace at_npu
