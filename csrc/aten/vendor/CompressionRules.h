#pragma once

#include "csrc/aten/vendor/Rules.h"

namespace at_npu::vendor {

template <class T>
Int<T> bytes_of(const T& tensor) {
  return tensor.numel() * static_cast<int64_t>(c10::elementSize(tensor.scalar_type()));
}

template <class T>
void check_hans(const char* op, const char* name, const T& numbers, const T& pdf, const T& mantissa,
                const T& fixed, const T& var) {
  const Int<T> count = numbers.numel();
  TORCH_CHECK(count % 64 == 0 && count >= 32768, op, ": ", name,
              " must have a multiple of 64 elements and at least 32768, got shape ",
              numbers.sizes());
  TORCH_CHECK(pdf.numel() == 256, op, ": pdf must have 256 elements, got shape ", pdf.sizes());
  check_same_dtype(op, "mantissa", mantissa, name, numbers);
  check_same_dtype(op, "fixed", fixed, name, numbers);
  check_same_dtype(op, "var", var, name, numbers);
  TORCH_CHECK(bytes_of(mantissa) == bytes_of(numbers) - count, op, ": mantissa must have ",
              bytes_of(numbers) - count, " bytes, all but one of each number, got ",
              bytes_of(mantissa));
  TORCH_CHECK(bytes_of(fixed) >= 512, op, ": fixed must have at least 512 bytes, got ",
              bytes_of(fixed));
  const Int<T> room = bytes_of(fixed) + bytes_of(var), needed = count + count / 64 + 8448;
  TORCH_CHECK(room >= needed, op, ": fixed and var must have at least ", needed,
              " bytes together, got ", room);
}

template <class T>
void check_sign_bits_pack(const T& self, int64_t size) {
  constexpr char op[] = "npu_sign_bits_pack";
  check_dim(op, "input", self, 1, 1);
  TORCH_CHECK_NOT_IMPLEMENTED(self.scalar_type() == at::kFloat || self.scalar_type() == at::kHalf,
                              op, ": input must be float32 or float16, got ", self.scalar_type());
  TORCH_CHECK(size > 0 && (self.numel() + 7) / 8 % size == 0, op, ": size must divide the ",
              (self.numel() + 7) / 8, " bytes of the result, got ", size);
}

template <class T>
void check_sign_bits_unpack(const T& input, int64_t size, at::ScalarType dtype) {
  constexpr char op[] = "npu_sign_bits_unpack";
  check_dim(op, "input", input, 1, 1);
  TORCH_CHECK_NOT_IMPLEMENTED(
      input.scalar_type() == at::kByte && (dtype == at::kFloat || dtype == at::kHalf), op,
      ": input must be uint8 and dtype torch.float32 or torch.float16, got ", input.scalar_type(),
      " and ", dtype);
  TORCH_CHECK(size > 0 && input.numel() * 8 % size == 0, op, ": size must divide the ",
              input.numel() * 8, " bits of input, got ", size);
}

}  // namespace at_npu::vendor
