#include <ATen/native/Resize.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/is_set_to_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_as_complex_native.h>
#include <ATen/ops/view_as_real_native.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>

#include "csrc/core/NPUCachingAllocator.h"

namespace at_npu {
namespace {

// Sets sizes and strides (contiguous if none are given) and grows the storage to hold them.
void resize_to(c10::TensorImpl* impl, at::IntArrayRef sizes, at::OptionalIntArrayRef strides) {
  if (impl->sizes() == sizes && (!strides.has_value() || impl->strides() == *strides)) return;
  const size_t itemsize = impl->dtype().itemsize();
  const size_t offset = impl->storage_offset();
  size_t bytes = 0;
  if (strides.has_value()) {
    impl->set_sizes_and_strides(sizes, *strides);
    bytes = at::detail::computeStorageNbytes(sizes, *strides, itemsize, offset);
  } else {
    impl->generic_set_sizes_contiguous(sizes);
    bytes = at::detail::computeStorageNbytesContiguous(sizes, itemsize, offset);
  }
  if (impl->numel() == 0) return;
  const c10::Storage& storage = impl->unsafe_storage();
  TORCH_CHECK(storage, "resize_: the tensor has no storage");
  if (bytes > storage.nbytes()) at::native::resize_bytes_nocuda(storage, bytes);
}

const at::Tensor& resize_(const at::Tensor& self, at::IntArrayRef sizes,
                          std::optional<at::MemoryFormat> format) {
  resize_to(self.unsafeGetTensorImpl(), sizes, std::nullopt);
  if (format.has_value()) {
    TORCH_CHECK(*format != at::MemoryFormat::Preserve, "Unsupported memory format", *format);
    self.unsafeGetTensorImpl()->empty_tensor_restride(*format);
  }
  return self;
}

at::Tensor& set_storage_offset(at::Tensor& self, at::Storage source, int64_t offset,
                               at::IntArrayRef sizes, at::IntArrayRef strides) {
  at::native::checkSetStorage(self, source, offset, sizes, strides);
  self.unsafeGetTensorImpl()->set_storage_offset(offset);
  // torch.save and deepcopy pass no strides for contiguous tensors.
  const bool contiguous = strides.data() == nullptr || (strides.empty() && !sizes.empty());
  resize_to(self.unsafeGetTensorImpl(), sizes,
            contiguous ? at::OptionalIntArrayRef() : at::OptionalIntArrayRef(strides));
  return self;
}

at::Tensor& set_storage(at::Tensor& self, at::Storage source) {
  const int64_t elements = static_cast<int64_t>(source.nbytes() / self.itemsize());
  return set_storage_offset(self, std::move(source), 0, elements, {});
}

at::Tensor& set_tensor(at::Tensor& self, const at::Tensor& source) {
  if (self.is_same(source)) return self;
  return set_storage_offset(self, source.storage(), source.storage_offset(), source.sizes(),
                            source.strides());
}

at::Tensor& set_nothing(at::Tensor& self) {
  const auto type = self.dtype();
  c10::Storage empty(c10::Storage::use_byte_size_t(), 0, c10_npu::NPUCachingAllocator::get(),
                     /*resizable=*/true);
  set_storage_offset(self, std::move(empty), 0, {0}, {});
  TORCH_INTERNAL_ASSERT(type == self.dtype());
  return self;
}

void record_stream(at::Tensor& self, c10::Stream stream) {
  c10_npu::NPUCachingAllocator::recordStream(self.storage().data_ptr(), c10_npu::NPUStream(stream));
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("as_strided", &at::native::as_strided_tensorimpl);
  m.impl("view", &at::native::view);
  m.impl("view_as_real", &at::native::view_as_real);
  m.impl("view_as_complex", &at::native::view_as_complex);
  m.impl("_reshape_alias", &at::native::_reshape_alias);
  m.impl("is_set_to", &at::native::is_set_to);
  m.impl("unfold", &at::native::unfold);
  m.impl("resize_", &resize_);
  m.impl("set_.source_Storage", &set_storage);
  m.impl("set_.source_Storage_storage_offset", &set_storage_offset);
  m.impl("set_.source_Tensor", &set_tensor);
  m.impl("set_", &set_nothing);
  m.impl("record_stream", &record_stream);
}

}  // namespace at_npu
