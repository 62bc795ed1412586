#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/complex.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <cmath>

#include "csrc/aten/Outputs.h"
#include "csrc/core/NPUGuard.h"

// CANN has no Fourier transforms, but matrix products are what the hardware is best at: a short
// transform is one product with the Fourier matrix, a long one two shorter transforms.
namespace at_npu {
namespace {

constexpr int64_t kDirect = 128;    // lengths up to here are one product
constexpr int64_t kLongest = 1024;  // a prime length above goes through a power of two

// 2 pi * products / n, from whole numbers, so that long transforms lose no digits.
at::Tensor angles(const at::Tensor& products, int64_t n) {
  return products.remainder(n).to(at::kFloat).mul(2 * M_PI / static_cast<double>(n));
}

at::Tensor range(int64_t n, const at::Tensor& like) {
  return at::arange(n, like.options().dtype(at::kLong));
}

// exp(sign * i * angles)
at::Tensor rotations(const at::Tensor& angles, int sign) {
  return at::complex(angles.cos(), angles.sin().mul(sign));
}

// The largest divisor that is not above the square root.
int64_t small_divisor(int64_t n) {
  auto divisor = static_cast<int64_t>(std::sqrt(static_cast<double>(n)));
  while (n % divisor != 0) --divisor;
  return divisor;
}

at::Tensor transform(const at::Tensor& x, int sign);

// [rows, n] complex numbers as [rows, 2 n] real ones, times the Fourier matrix in the same form.
at::Tensor by_product(const at::Tensor& x, int sign) {
  const int64_t n = x.size(1);
  const at::Tensor k = range(n, x), angle = angles(k.unsqueeze(1).mul(k), n);
  const at::Tensor cosine = angle.cos(), sine = angle.sin().mul(sign);
  const at::Tensor of_real = at::stack({cosine, sine}, -1);             // [n, n, 2]
  const at::Tensor of_imaginary = at::stack({sine.neg(), cosine}, -1);  // [n, n, 2]
  const at::Tensor matrix = at::stack({of_real, of_imaginary}, 1).view({2 * n, 2 * n});
  const at::Tensor product = at::mm(at::view_as_real(x.contiguous()).view({-1, 2 * n}), matrix);
  return at::view_as_complex(product.view({-1, n, 2}));
}

// n = a * b: transforms of length a over the elements j, j + b, …, then of length b.
at::Tensor by_factors(const at::Tensor& x, int64_t a, int sign) {
  const int64_t n = x.size(1), b = n / a;
  at::Tensor parts = x.reshape({-1, a, b}).transpose(1, 2).reshape({-1, a});
  parts = transform(parts, sign).view({-1, b, a});
  const at::Tensor products = range(b, x).unsqueeze(1).mul(range(a, x));
  parts = parts.mul(rotations(angles(products, n), sign)).transpose(1, 2).reshape({-1, b});
  return transform(parts, sign).view({-1, a, b}).transpose(1, 2).reshape({-1, n});
}

// Bluestein: the convolution with a chirp, which a transform of another length computes.
at::Tensor by_chirp(const at::Tensor& x, int sign) {
  const int64_t n = x.size(1);
  int64_t length = 1;
  while (length < 2 * n - 1) length *= 2;
  const at::Tensor k = range(n, x);
  // exp(i pi k^2 / n); k^2 counts modulo 2 n.
  const at::Tensor chirp = rotations(angles(k.mul(k), 2 * n), sign);
  const at::Tensor inverse = chirp.conj().resolve_conj();
  const at::Tensor gap = at::zeros({length - 2 * n + 1}, inverse.options());
  const at::Tensor kernel = at::cat({inverse, gap, inverse.slice(0, 1).flip(0)}).unsqueeze(0);
  const at::Tensor padded =
      at::cat({x.mul(chirp), at::zeros({x.size(0), length - n}, x.options())}, 1);
  const at::Tensor product = transform(padded, -1).mul(transform(kernel, -1));
  return transform(product, 1).slice(1, 0, n).mul(chirp).div(static_cast<double>(length));
}

// The unnormalised transform of each row; sign -1 forward, 1 backward.
at::Tensor transform(const at::Tensor& x, int sign) {
  const int64_t n = x.size(1);
  if (n <= kDirect) return by_product(x, sign);
  const int64_t divisor = small_divisor(n);
  if (divisor > 1) return by_factors(x, divisor, sign);
  return n <= kLongest ? by_product(x, sign) : by_chirp(x, sign);
}

at::Tensor along(const at::Tensor& x, int64_t dim, int sign) {
  const at::Tensor last = x.movedim(dim, -1);
  if (last.numel() == 0) return x;
  return transform(last.reshape({-1, last.size(-1)}), sign).view(last.sizes()).movedim(-1, dim);
}

at::Tensor along_all(at::Tensor x, at::IntArrayRef dims, int sign) {
  for (const int64_t dim : dims) x = along(x, dim, sign);
  return x;
}

// `normalization`: 0 none, 1 divided by the root of the number of points, 2 by the number.
at::Tensor normalized(const at::Tensor& x, int64_t normalization, double points) {
  if (normalization == 0) return x.contiguous();
  return x.div(normalization == 1 ? std::sqrt(points) : points).contiguous();
}

void check_dtype(const char* op, const at::Tensor& self, at::ScalarType dtype) {
  TORCH_CHECK_NOT_IMPLEMENTED(self.scalar_type() == dtype, op, ": the NPU does not support dtype ",
                              self.scalar_type(), ", only ", dtype, ". Convert the tensor first.");
}

double points_of(const at::Tensor& x, at::IntArrayRef dims) {
  double points = 1;
  for (const int64_t dim : dims) points *= static_cast<double>(x.size(dim));
  return points;
}

at::Tensor fft_c2c(const at::Tensor& self, at::IntArrayRef dim, int64_t normalization,
                   bool forward) {
  check_dtype("_fft_c2c", self, at::kComplexFloat);
  const c10_npu::NPUGuard guard(self.device());
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastPrivateUse1);
  return normalized(along_all(self, dim, forward ? -1 : 1), normalization, points_of(self, dim));
}

at::Tensor fft_r2c(const at::Tensor& self, at::IntArrayRef dim, int64_t normalization,
                   bool onesided) {
  check_dtype("_fft_r2c", self, at::kFloat);
  const c10_npu::NPUGuard guard(self.device());
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastPrivateUse1);
  const int64_t last = dim.back();
  at::Tensor x = along(at::complex(self, at::zeros_like(self)), last, -1);
  if (onesided) x = x.slice(last, 0, self.size(last) / 2 + 1);
  return normalized(along_all(x, dim.slice(0, dim.size() - 1), -1), normalization,
                    points_of(self, dim));
}

at::Tensor fft_c2r(const at::Tensor& self, at::IntArrayRef dim, int64_t normalization,
                   int64_t last_dim_size) {
  check_dtype("_fft_c2r", self, at::kComplexFloat);
  const c10_npu::NPUGuard guard(self.device());
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastPrivateUse1);
  const int64_t last = dim.back();
  at::Tensor x = along_all(self, dim.slice(0, dim.size() - 1), 1);
  x = x.slice(last, 0, last_dim_size / 2 + 1);
  // The other half of the spectrum of real numbers is the conjugate of this one.
  const at::Tensor mirrored = x.slice(last, 1, (last_dim_size + 1) / 2).flip(last).conj();
  x = at::real(along(at::cat({x, mirrored.resolve_conj()}, last), last, 1));
  return normalized(x, normalization, points_of(x, dim));
}

at::Tensor& fft_c2c_out(const at::Tensor& self, at::IntArrayRef dim, int64_t normalization,
                        bool forward, at::Tensor& out) {
  return copy_out(fft_c2c(self, dim, normalization, forward), out);
}

at::Tensor& fft_r2c_out(const at::Tensor& self, at::IntArrayRef dim, int64_t normalization,
                        bool onesided, at::Tensor& out) {
  return copy_out(fft_r2c(self, dim, normalization, onesided), out);
}

at::Tensor& fft_c2r_out(const at::Tensor& self, at::IntArrayRef dim, int64_t normalization,
                        int64_t last_dim_size, at::Tensor& out) {
  return copy_out(fft_c2r(self, dim, normalization, last_dim_size), out);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_fft_c2c", &fft_c2c);
  m.impl("_fft_c2c.out", &fft_c2c_out);
  m.impl("_fft_r2c", &fft_r2c);
  m.impl("_fft_r2c.out", &fft_r2c_out);
  m.impl("_fft_c2r", &fft_c2r);
  m.impl("_fft_c2r.out", &fft_c2r_out);
}

}  // namespace at_npu
