#include <ATen/ScalarOps.h>
#include <ATen/ops/bitwise_left_shift.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <ATen/ops/remainder.h>
#include <torch/library.h>

// Operators that PyTorch declares apart from those which compute the same.
namespace at_npu {
namespace {

at::Tensor remainder(const at::Scalar& self, const at::Tensor& other) {
  return at::remainder(at::native::wrapped_scalar_tensor(self), other);
}

template <class Bits>
at::Tensor left_shift(const at::Tensor& self, const Bits& bits) {
  return at::bitwise_left_shift(self, bits);
}
template <class Bits>
at::Tensor right_shift(const at::Tensor& self, const Bits& bits) {
  return at::bitwise_right_shift(self, bits);
}
template <class Bits>
at::Tensor& left_shift_(at::Tensor& self, const Bits& bits) {
  return self.bitwise_left_shift_(bits);
}
template <class Bits>
at::Tensor& right_shift_(at::Tensor& self, const Bits& bits) {
  return self.bitwise_right_shift_(bits);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("remainder.Scalar_Tensor", &remainder);
  m.impl("__lshift__.Scalar", &left_shift<at::Scalar>);
  m.impl("__lshift__.Tensor", &left_shift<at::Tensor>);
  m.impl("__rshift__.Scalar", &right_shift<at::Scalar>);
  m.impl("__rshift__.Tensor", &right_shift<at::Tensor>);
  m.impl("__ilshift__.Scalar", &left_shift_<at::Scalar>);
  m.impl("__ilshift__.Tensor", &left_shift_<at::Tensor>);
  m.impl("__irshift__.Scalar", &right_shift_<at::Scalar>);
  m.impl("__irshift__.Tensor", &right_shift_<at::Tensor>);
}

}  // namespace at_npu
