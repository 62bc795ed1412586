#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

// How operators make, resize and check their outputs: shared by the generated wrappers and
// csrc/aten/native.
namespace at_npu {

// Uninitialised, on `device` (the current one if it has no index).
at::Tensor empty(at::IntArrayRef sizes, at::ScalarType dtype, at::Device device,
                 std::optional<at::MemoryFormat> format = std::nullopt);
at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType dtype,
                         at::Device device);

// With `like`'s device, and its dtype and sizes unless given; contiguous. make(like()) keeps
// strides.
at::Tensor new_like(const at::Tensor& like);
at::Tensor new_like(const at::Tensor& like, at::ScalarType dtype);
at::Tensor new_like(const at::Tensor& like, at::IntArrayRef sizes);

void check_npu(at::Device device);
at::Tensor create_output(at::IntArrayRef sizes, at::IntArrayRef strides,
                         const at::TensorOptions& options);
void resize_output(const at::Tensor& out, at::IntArrayRef sizes, at::IntArrayRef strides,
                   const at::TensorOptions& options);
void check_inplace(const at::Tensor& self, at::IntArrayRef sizes, const at::TensorOptions& options);
// A tensor with the strides that the operator needs, if `out` has others.
std::optional<at::Tensor> maybe_create_proxy(const at::Tensor& out, at::IntArrayRef sizes,
                                             at::IntArrayRef strides,
                                             const at::TensorOptions& options);

// An input in the dtype and on the device that the aclnn call computes in. Borrows the tensor when
// it is there already. 0-dim CPU tensors (Python numbers) become device tensors.
class Cast {
 public:
  Cast(const at::Tensor& tensor, at::ScalarType dtype, const at::Tensor& out)
      : tensor_(is_ready(tensor, dtype) ? nullptr : convert(tensor, dtype, out.device())),
        source_(tensor) {}
  operator const at::Tensor&() const { return tensor_ ? *tensor_ : source_; }

 private:
  static bool is_ready(const at::Tensor& tensor, at::ScalarType dtype) {
    return !tensor.defined() || (tensor.is_privateuseone() && (tensor.scalar_type() == dtype ||
                                                               dtype == at::ScalarType::Undefined));
  }
  static std::unique_ptr<at::Tensor> convert(const at::Tensor& tensor, at::ScalarType dtype,
                                             at::Device device);

  std::unique_ptr<at::Tensor> tensor_;
  const at::Tensor& source_;
};

// An output in the dtype that the aclnn call computes in: `out` itself, or a temporary of dtype
// `to` if `out` has the dtype `from` that the function lacks.
class Widened {
 public:
  Widened(const at::Tensor& out, at::ScalarType from, at::ScalarType to) : out_(out) {
    if (C10_UNLIKELY(from != to && out.scalar_type() == from)) made_ = new_like(out, to);
  }
  operator const at::Tensor&() const { return made_.defined() ? made_ : out_; }
  void give_back() const {
    if (C10_UNLIKELY(made_.defined())) out_.copy_(made_);
  }

 private:
  const at::Tensor& out_;
  at::Tensor made_;
};

// The shape of one output of an operator for which PyTorch has no shape function.
struct Spec {
  c10::SmallVector<int64_t, 5> sizes;
  at::ScalarType dtype;
  at::Device device;
  c10::SmallVector<int64_t, 5> strides;  // empty: contiguous
};

// Same sizes, order of dimensions in memory (and dtype) as `tensor`: torch.empty_like.
Spec like(const at::Tensor& tensor);
Spec like(const at::Tensor& tensor, at::ScalarType dtype);
Spec sized(const at::Tensor& tensor, at::IntArrayRef sizes);
Spec sized(const at::Tensor& tensor, at::IntArrayRef sizes, at::ScalarType dtype);

at::Tensor make(const Spec& spec);
// Resizes `out`, which has the spec's device and dtype, as the out= contract says; returns it.
at::Tensor fit(const at::Tensor& out, const Spec& spec);
at::Tensor fit_inplace(const at::Tensor& self, const Spec& spec);
// The out= variant of what can only make its result, which is cast to the dtype of `out`.
at::Tensor& copy_out(const at::Tensor& result, at::Tensor& out);
// Copies what was computed elsewhere.
void give_back(const at::Tensor& computed, const at::Tensor& out);

}  // namespace at_npu
