#include "csrc/aten/aclnn/copy.h"

#include <ATen/Dispatch_v2.h>
#include <ATen/ExpandUtils.h>
#include <ATen/MemoryOverlap.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_as_real.h>
#include <c10/util/strides.h>
#include <torch/library.h>

#include "acl/acl_rt.h"
#include "csrc/aten/AclnnCall.h"
#include "csrc/aten/Outputs.h"
#include "csrc/aten/aclnn/format.h"
#include "csrc/core/Capture.h"
#include "csrc/core/NPUError.h"
#include "csrc/core/NPUEvent.h"
#include "csrc/core/NPUGuard.h"
#include "csrc/core/NPUHostAllocator.h"
#include "csrc/core/NPUPeerAccess.h"
#include "csrc/core/TaskQueue.h"

namespace at_npu {
namespace {

// Bytes can be copied one to one.
bool same_layout(const at::Tensor& src, const at::Tensor& dst) {
  return src.scalar_type() == dst.scalar_type() && src.is_conj() == dst.is_conj() &&
         src.is_neg() == dst.is_neg() && src.sizes() == dst.sizes() &&
         src.strides() == dst.strides() && src.is_non_overlapping_and_dense();
}

void copy_bytes(const at::Tensor& src, const at::Tensor& dst, aclrtMemcpyKind kind,
                const c10_npu::NPUStream& stream) {
  const size_t bytes = dst.nbytes();
  if (bytes == 0) return;
  c10_npu::submit(stream, [=, to = dst.mutable_data_ptr(), from = src.const_data_ptr(),
                           handle = stream.handle()] {
    NPU_CHECK(aclrtMemcpyAsync(to, bytes, from, bytes, kind, handle));
  });
}

// On one device: strides, dtypes and conjugation are the kernel's business.
void copy_on_device(const at::Tensor& src, const at::Tensor& dst) {
  const c10_npu::NPUGuard guard(dst.device());
  if (same_layout(src, dst)) {
    copy_bytes(src, dst, ACL_MEMCPY_DEVICE_TO_DEVICE, c10_npu::getCurrentNPUStream());
    return;
  }
  ACLNN_CALL(aclnnInplaceCopy, dst, src);
  // The kernel has copied what is stored; the bits say how that is read.
  if (src.is_conj() != dst.is_conj()) {
    at::view_as_real(dst.is_conj() ? dst.conj() : dst).select(-1, 1).neg_();
  }
  if (src.is_neg() != dst.is_neg()) (dst.is_neg() ? dst._neg_view() : dst).neg_();
}

// Before anything is enqueued: a graph can take in copies that nobody waits for, with host memory
// that stays where it is.
void check_host_copy(const at::Tensor& host, bool non_blocking, const c10_npu::NPUStream& stream) {
  if (C10_LIKELY(!c10_npu::is_captured(stream))) return;
  if (!non_blocking || !c10_npu::NPUHostAllocator::isPinned(host.const_data_ptr())) {
    c10_npu::refuse_in_capture(stream,
                               "a copy between host and npu (.cpu(), .tolist(), printing, "
                               "torch.tensor(..., device=\"npu\"); "
                               "one with pinned memory and non_blocking=True can be)");
  }
}

// Waits, unless the caller said not to and the host memory is pinned: then the host allocator keeps
// the block until the copy is done.
void finish_host_copy(const at::Tensor& host, bool non_blocking, const c10_npu::NPUStream& stream) {
  const bool kept =
      non_blocking && c10_npu::NPUHostAllocator::get()->record_event(
                          host.data_ptr(), host.storage().data_ptr().get_context(), stream);
  if (!kept) stream.synchronize();
}

void copy_from_host(const at::Tensor& src, const at::Tensor& dst, bool non_blocking) {
  const c10_npu::NPUGuard guard(dst.device());
  const at::Tensor expanded = src.expand_as(dst).resolve_conj().resolve_neg();
  const bool direct = expanded.scalar_type() == dst.scalar_type() && !dst.is_conj() &&
                      !dst.is_neg() && dst.is_non_overlapping_and_dense();
  // The host brings the data into the order of the target; the device converts dtypes.
  at::Tensor host = expanded.contiguous();
  at::Tensor target = dst;
  if (direct && dst.strides() == expanded.strides()) {
    host = expanded;
  } else if (!direct || !dst.is_contiguous()) {
    target = empty(expanded.sizes(), expanded.scalar_type(), dst.device());
  }
  const c10_npu::NPUStream stream = c10_npu::getCurrentNPUStream();
  check_host_copy(host, non_blocking, stream);
  copy_bytes(host, target, ACL_MEMCPY_HOST_TO_DEVICE, stream);
  finish_host_copy(host, non_blocking, stream);
  if (!target.is_same(dst)) copy_on_device(target, dst);
}

void copy_to_host(const at::Tensor& src, const at::Tensor& dst, bool non_blocking) {
  const c10_npu::NPUGuard guard(src.device());
  const c10_npu::NPUStream stream = c10_npu::getCurrentNPUStream();
  if (same_layout(src, dst)) {
    check_host_copy(dst, non_blocking, stream);
    copy_bytes(src, dst, ACL_MEMCPY_DEVICE_TO_HOST, stream);
    finish_host_copy(dst, non_blocking, stream);
    return;
  }
  // Into a contiguous tensor of the source's dtype; the host does the rest.
  at::Tensor dense = src.contiguous();
  if (src.is_conj() || src.is_neg()) {
    dense = empty(src.sizes(), src.scalar_type(), src.device());
    copy_on_device(src, dense);
  }
  const bool direct = dst.is_contiguous() && dst.scalar_type() == src.scalar_type() &&
                      dst.sizes() == src.sizes() && !dst.is_conj() && !dst.is_neg();
  const at::Tensor host = direct ? dst : at::empty(dense.sizes(), dense.options().device(at::kCPU));
  check_host_copy(host, direct && non_blocking, stream);
  copy_bytes(dense, host, ACL_MEMCPY_DEVICE_TO_HOST, stream);
  finish_host_copy(host, direct && non_blocking, stream);
  if (!direct) dst.copy_(host);
}

// Ordered on both devices: the copy runs on the source's stream, after what the target's stream has
// been given so far, and the target's stream goes on after it.
void copy_between_devices(const at::Tensor& src, const at::Tensor& dst) {
  if (!c10_npu::enable_peer_access(src.device().index(), dst.device().index())) {
    dst.copy_(src.cpu());  // these devices do not see each other's memory
    return;
  }
  const c10_npu::NPUStream source = c10_npu::getCurrentNPUStream(src.device().index());
  const c10_npu::NPUStream target = c10_npu::getCurrentNPUStream(dst.device().index());
  at::Tensor dense = src;
  at::Tensor landing = dst;
  if (!same_layout(src, dst)) {
    const c10_npu::NPUGuard guard(src.device());
    dense = empty(src.sizes(), src.scalar_type(), src.device());
    copy_on_device(src, dense);
    landing = empty(src.sizes(), src.scalar_type(), dst.device());
  }
  const c10_npu::NPUGuard guard(src.device());
  c10_npu::NPUEvent ready;
  ready.record(target);
  ready.block(source);
  copy_bytes(dense, landing, ACL_MEMCPY_DEVICE_TO_DEVICE, source);
  c10_npu::NPUEvent copied;
  copied.record(source);
  copied.block(target);
  if (!landing.is_same(dst)) copy_on_device(landing, dst);
}

at::Tensor copy_from(const at::Tensor& self, const at::Tensor& dst, bool non_blocking);

// Through rows, into the same memory: graphs and other streams know its address.
at::Tensor copy_into_blocks(const at::Tensor& self, const at::Tensor& dst) {
  const c10_npu::NPUGuard guard(dst.device());
  const c10_npu::FormattedMemory* memory = formatted_memory(dst);
  TORCH_CHECK_NOT_IMPLEMENTED(dst.scalar_type() == memory->dtype, "copy_: the target is a view in ",
                              dst.scalar_type(),
                              " of a tensor in the memory format FRACTAL_NZ and ", memory->dtype);
  const at::Tensor rows = in_base_format(dst);
  copy_from(self, rows, /*non_blocking=*/false);
  const auto strides = c10::contiguous_strides(memory->sizes);
  ACLNN_CALL(aclnnNpuFormatCast,
             at::native::as_strided_tensorimpl(rows, memory->sizes, strides, /*offset=*/0),
             at::native::as_strided_tensorimpl(dst, memory->sizes, strides, /*offset=*/0));
  return dst;
}

at::Tensor copy_from(const at::Tensor& self, const at::Tensor& dst, bool non_blocking) {
  if (dst.numel() == 0 || self.is_same(dst)) return dst;
  if (C10_UNLIKELY(formatted_memory(self) != nullptr)) {
    return copy_from(in_base_format(self), dst, non_blocking);
  }
  if (C10_UNLIKELY(formatted_memory(dst) != nullptr)) return copy_into_blocks(self, dst);
  TORCH_CHECK(at::is_expandable_to(self.sizes(), dst.sizes()), "The size of the source tensor ",
              self.sizes(), " cannot be broadcast to the target's ", dst.sizes(), ".");
  at::assert_no_internal_overlap(dst);
  if (self.device() == dst.device()) at::assert_no_partial_overlap(dst, self);
  const at::Tensor src = self.is_privateuseone() ? self.expand_as(dst) : self;
  if (self.is_privateuseone() && dst.is_privateuseone()) {
    if (self.device() == dst.device()) {
      copy_on_device(src, dst);
    } else {
      copy_between_devices(src, dst);
    }
  } else if (self.is_cpu()) {
    copy_from_host(src, dst, non_blocking);
  } else {
    TORCH_CHECK(dst.is_cpu(), "Copying from ", self.device(), " to ", dst.device(),
                " is not supported; go through the CPU.");
    copy_to_host(src, dst, non_blocking);
  }
  return dst;
}

at::Tensor copy_from_and_resize(const at::Tensor& self, const at::Tensor& dst) {
  dst.resize_(self.sizes());
  return copy_from(self, dst, /*non_blocking=*/false);
}

at::Scalar local_scalar_dense(const at::Tensor& self) {
  TORCH_CHECK(self.numel() == 1, "a Tensor with ", self.numel(),
              " elements cannot be converted to Scalar");
  const c10_npu::NPUGuard guard(self.device());
  const c10_npu::NPUStream stream = c10_npu::getCurrentNPUStream();
  c10_npu::refuse_in_capture(stream, "reading a value (.item(), bool(tensor), nonzero)");
  const at::Tensor plain = in_base_format(self);
  at::Scalar result;
  AT_DISPATCH_V2(
      self.scalar_type(), "_local_scalar_dense", AT_WRAP([&] {
        scalar_t value{};
        NPU_CHECK(aclrtMemcpyAsync(&value, sizeof(value), plain.const_data_ptr(), sizeof(value),
                                   ACL_MEMCPY_DEVICE_TO_HOST, stream.stream()));
        stream.synchronize();
        result = at::Scalar(value);
      }),
      AT_EXPAND(AT_ALL_TYPES_AND_COMPLEX), at::kComplexHalf, at::kHalf, at::kBool, at::kBFloat16,
      AT_EXPAND(AT_BAREBONES_UNSIGNED_TYPES));
  return result;
}

at::Tensor& narrow_copy_out(const at::Tensor& self, int64_t dim, int64_t start, int64_t length,
                            at::Tensor& out) {
  const at::Tensor part = self.narrow(dim, start, length);
  give_back(part, fit(out, sized(part, part.sizes())));
  return out;
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("_local_scalar_dense", &local_scalar_dense);
  m.impl("narrow_copy.out", &narrow_copy_out);
}

// The copies look at these bits themselves; resolving them first would copy, and so on for ever.
void fall_through(torch::Library& m) {
  m.impl("_copy_from", torch::CppFunction::makeFallthrough());
  m.impl("_copy_from_and_resize", torch::CppFunction::makeFallthrough());
}
TORCH_LIBRARY_IMPL(aten, Conjugate, m) { fall_through(m); }
TORCH_LIBRARY_IMPL(aten, Negative, m) { fall_through(m); }
TORCH_LIBRARY_IMPL(aten, ZeroTensor, m) { fall_through(m); }

}  // namespace at_npu
