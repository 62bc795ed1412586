#include "csrc/aten/Formats.h"

#include <ATen/TensorUtils.h>

#include <memory>
#include <numeric>
#include <utility>

#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/format.h"
#include "csrc/core/NPUCachingAllocator.h"
#include "csrc/core/NPUGuard.h"

namespace at_npu {
namespace {

at::Tensor over(const c10::Storage& storage, at::ScalarType dtype, at::IntArrayRef sizes) {
  at::Tensor result = at::detail::make_tensor<c10::TensorImpl>(
      c10::Storage(storage), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
      c10::scalarTypeToTypeMeta(dtype));
  result.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
  return result;
}

at::Tensor bytes_on(c10::Device device, int64_t count) { return empty({count}, at::kByte, device); }

std::vector<int64_t> storage_sizes_of(const at::Tensor& self, aclFormat format) {
  aclnn::Call call("aclnnNpuFormatCastCalculateSizeAndFormat");
  const aclnn::TensorHandle handle = aclnn::describe(self);
  int64_t* sizes = nullptr;
  uint64_t count = 0;
  int actual = format;
  const aclnnStatus status = aclnnNpuFormatCastCalculateSizeAndFormat(
      handle.get(), format, /*additionalDtype=*/-1, &sizes, &count, &actual);
  if (status != ACLNN_SUCCESS) call.fail(status);
  const std::unique_ptr<int64_t[]> owned(sizes);
  return {sizes, sizes + count};
}

}  // namespace

aclFormat base_format(int64_t dims) {
  return dims == 4 ? ACL_FORMAT_NCHW : dims == 5 ? ACL_FORMAT_NCDHW : ACL_FORMAT_ND;
}

bool is_whole(const at::Tensor& tensor, const c10_npu::FormattedMemory& memory) {
  if (tensor.storage_offset() != 0 || tensor.scalar_type() != memory.dtype) return false;
  if (tensor.is_contiguous()) return tensor.sizes() == memory.sizes;
  if (tensor.dim() < 2) return false;
  const at::Tensor transposed = tensor.transpose(-1, -2);
  return transposed.is_contiguous() && transposed.sizes() == memory.sizes;
}

at::Tensor with_format(const at::Tensor& self, aclFormat format) {
  const c10_npu::NPUGuard guard(self.device());
  const at::Tensor dense = in_base_format(self).contiguous();
  std::vector<int64_t> storage_sizes = storage_sizes_of(dense, format);
  const int64_t count =
      std::accumulate(storage_sizes.begin(), storage_sizes.end(), int64_t{1}, std::multiplies<>());
  const at::Tensor memory = bytes_on(self.device(), count * self.element_size());
  c10::DataPtr data =
      c10_npu::make_formatted({memory.storage().set_data_ptr(c10::DataPtr()), format,
                               std::move(storage_sizes), dense.sizes().vec(), dense.scalar_type()});
  // The storage has the size of the rows, for views and for the way back.
  const c10::Storage storage(c10::Storage::use_byte_size_t(), dense.nbytes(), std::move(data),
                             nullptr, /*resizable=*/false);
  const at::Tensor result = over(storage, dense.scalar_type(), dense.sizes());
  ACLNN_CALL(aclnnNpuFormatCast, dense, result);
  return result;
}

at::Tensor in_base_format(const at::Tensor& tensor) {
  const c10_npu::FormattedMemory* memory = formatted_memory(tensor);
  if (memory == nullptr) return tensor;
  const c10_npu::NPUGuard guard(tensor.device());
  const c10::Storage& storage = tensor.storage();
  const at::Tensor plain = bytes_on(tensor.device(), static_cast<int64_t>(storage.nbytes()));
  ACLNN_CALL(aclnnNpuFormatCast, over(storage, memory->dtype, memory->sizes),
             over(plain.storage(), memory->dtype, memory->sizes));
  at::Tensor result = over(plain.storage(), tensor.scalar_type(), tensor.sizes());
  result.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides(),
                                                      tensor.storage_offset());
  return result;
}

void to_base_format_(const at::Tensor& tensor) {
  if (formatted_memory(tensor) == nullptr) return;
  const at::Tensor plain = in_base_format(tensor);
  const c10_npu::NPUStream stream = c10_npu::getCurrentNPUStream(tensor.device().index());
  c10_npu::NPUCachingAllocator::recordStream(tensor.storage().data_ptr(), stream);
  tensor.storage().set_data_ptr_noswap(plain.storage().set_data_ptr(c10::DataPtr()));
}

namespace aclnn {

at::Tensor based(const Parameter& parameter, const at::Tensor& tensor) {
  if (!needs_base(parameter, tensor)) return tensor;
  TORCH_CHECK_NOT_IMPLEMENTED(
      !parameter.written, "operators do not write into a tensor in the memory format FRACTAL_NZ (",
      tensor.scalar_type(), tensor.sizes(), "), which is for weights that are read. Use copy_(), ",
      "or cast it to rows first: torch_npu.npu_format_cast_(x, torch_npu.Format.ND).");
  return in_base_format(tensor);
}

}  // namespace aclnn
}  // namespace at_npu
