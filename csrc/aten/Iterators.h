#pragma once

#include <ATen/TensorIterator.h>
#include <ATen/core/Tensor.h>

// Shape functions for `meta:` in ops/*.yaml, in the form of at::meta::structured_*: for operators
// whose kernels PyTorch builds on TensorIterator too, but without a structured declaration. They
// promote dtypes, broadcast, keep the inputs' strides and refuse overlapping outputs.
namespace at_npu {

struct Unary : at::TensorIteratorBase {
  void meta(const at::Tensor& self);
};

// Integers and bools become the default dtype.
struct UnaryFloat : at::TensorIteratorBase {
  void meta(const at::Tensor& self);
};

// The result is bool, or of the dtype of `out`.
struct UnaryBool : at::TensorIteratorBase {
  void meta(const at::Tensor& self);
  at::ScalarType common_dtype() const { return at::ScalarType::Undefined; }
};

// Complex numbers become real ones.
struct UnaryReal : at::TensorIteratorBase {
  void meta(const at::Tensor& self);
  at::ScalarType common_dtype() const { return at::ScalarType::Undefined; }
};

// The angle of a complex number is real; that of an integer is of the default dtype.
struct Angle : at::TensorIteratorBase {
  void meta(const at::Tensor& self);
  at::ScalarType common_dtype() const { return at::ScalarType::Undefined; }
};

// Two real inputs of one dtype make a complex number.
struct ToComplex : at::TensorIteratorBase {
  void meta(const at::Tensor& first, const at::Tensor& second);
  at::ScalarType common_dtype() const { return at::ScalarType::Undefined; }
};

struct Binary : at::TensorIteratorBase {
  void meta(const at::Tensor& self, const at::Tensor& other);
};

// The result is bool, or of the dtype of `out`.
struct BinaryBool : at::TensorIteratorBase {
  void meta(const at::Tensor& self, const at::Tensor& other);
};

struct Ternary : at::TensorIteratorBase {
  void meta(const at::Tensor& a, const at::Tensor& b, const at::Tensor& c);
};

// A condition, and two inputs whose dtypes are promoted.
struct Where : at::TensorIteratorBase {
  void meta(const at::Tensor& condition, const at::Tensor& self, const at::Tensor& other);
  at::ScalarType common_dtype() const { return dtype_; }

 private:
  at::ScalarType dtype_ = at::ScalarType::Undefined;
};

}  // namespace at_npu
