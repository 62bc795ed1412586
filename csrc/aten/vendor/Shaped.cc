#include "csrc/aten/vendor/Shaped.h"

#include <ATen/ops/empty.h>

#include "csrc/aten/Outputs.h"

namespace at_npu::vendor {

at::Tensor make(const Output<at::Tensor>& output) {
  return at_npu::empty(output.sizes, output.dtype, output.device);
}

at::Tensor make(const Output<Shaped>& output) {
  const auto options = at::TensorOptions().dtype(output.dtype).device(output.device);
  return at::empty_symint(c10::SymIntArrayRef(output.sizes), options);
}

}  // namespace at_npu::vendor
