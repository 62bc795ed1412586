#include "csrc/aten/Iterators.h"

#include <ATen/ops/result_type.h>

namespace at_npu {
namespace {

// The dtype of the result does not depend on the inputs'.
at::TensorIteratorConfig of_dtype(const at::Tensor& out, at::ScalarType dtype,
                                  const at::Tensor& self) {
  at::TensorIteratorConfig config;
  config.set_check_mem_overlap(true).check_all_same_dtype(false);
  if (!out.defined()) config.declare_static_dtype(dtype);
  config.add_output(out).add_const_input(self);
  return config;
}

}  // namespace

void Unary::meta(const at::Tensor& self) { build_borrowing_unary_op(maybe_get_output(0), self); }

void UnaryFloat::meta(const at::Tensor& self) {
  build_borrowing_unary_float_op(maybe_get_output(0), self);
}

void UnaryBool::meta(const at::Tensor& self) {
  at::TensorIteratorConfig config = of_dtype(maybe_get_output(0), at::kBool, self);
  build(config);
}

void UnaryReal::meta(const at::Tensor& self) {
  const at::Tensor& out = maybe_get_output(0);
  const at::ScalarType dtype = c10::toRealValueType(self.scalar_type());
  TORCH_CHECK(!out.defined() || out.scalar_type() == dtype, "Found dtype ",
              out.defined() ? out.scalar_type() : dtype, " but expected ", dtype);
  at::TensorIteratorConfig config = of_dtype(out, dtype, self);
  build(config);
}

void Angle::meta(const at::Tensor& self) {
  const bool integral = at::isIntegralType(self.scalar_type(), /*includeBool=*/true);
  const at::ScalarType dtype = integral ? c10::typeMetaToScalarType(c10::get_default_dtype())
                                        : c10::toRealValueType(self.scalar_type());
  const at::Tensor& out = maybe_get_output(0);
  TORCH_CHECK(!out.defined() || at::canCast(dtype, out.scalar_type()), "result type ", dtype,
              " can't be cast to the desired output type ",
              out.defined() ? out.scalar_type() : dtype);
  at::TensorIteratorConfig config = of_dtype(out, dtype, self);
  build(config);
}

void ToComplex::meta(const at::Tensor& first, const at::Tensor& second) {
  const at::ScalarType dtype = first.scalar_type();
  TORCH_CHECK(at::isFloatingType(dtype) && dtype != at::kBFloat16,
              "Expected both inputs to be Half, Float or Double tensors but got ", dtype, " and ",
              second.scalar_type());
  TORCH_CHECK(second.scalar_type() == dtype, "Expected object of scalar type ", dtype,
              " but got scalar type ", second.scalar_type(), " for second argument");
  const at::Tensor& out = maybe_get_output(0);
  const at::ScalarType complex = at::toComplexType(dtype);
  TORCH_CHECK(!out.defined() || out.scalar_type() == complex, "Expected object of scalar type ",
              complex, " but got scalar type ", out.defined() ? out.scalar_type() : complex,
              " for argument 'out'");
  at::TensorIteratorConfig config = of_dtype(out, complex, first);
  config.add_const_input(second);
  build(config);
}

void Binary::meta(const at::Tensor& self, const at::Tensor& other) {
  build_borrowing_binary_op(maybe_get_output(0), self, other);
}

void BinaryBool::meta(const at::Tensor& self, const at::Tensor& other) {
  build_borrowing_comparison_op(maybe_get_output(0), self, other);
}

void Ternary::meta(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c) {
  build(at::TensorIteratorConfig()
            .set_check_mem_overlap(true)
            .allow_cpu_scalars(true)
            .promote_inputs_to_common_dtype(true)
            .cast_common_dtype_to_outputs(true)
            .enforce_safe_casting_to_output(true)
            .add_output(maybe_get_output(0))
            .add_const_input(a)
            .add_const_input(b)
            .add_const_input(c));
}

void Where::meta(const at::Tensor& condition, const at::Tensor& self, const at::Tensor& other) {
  TORCH_CHECK(condition.scalar_type() == at::kBool || condition.scalar_type() == at::kByte,
              "where expected condition to be a boolean tensor, but got a tensor with dtype ",
              condition.scalar_type());
  const at::Tensor& out = maybe_get_output(0);
  dtype_ = at::result_type(self, other);
  TORCH_CHECK(!out.defined() || out.scalar_type() == dtype_, "Expected out type to be ", dtype_,
              " but got ", out.defined() ? out.scalar_type() : dtype_);
  at::TensorIteratorConfig config;
  config.set_check_mem_overlap(true).check_all_same_dtype(false).allow_cpu_scalars(true);
  if (!out.defined()) config.declare_static_dtype(dtype_);
  config.add_output(out).add_const_input(condition).add_const_input(self).add_const_input(other);
  build(config);
}

}  // namespace at_npu
