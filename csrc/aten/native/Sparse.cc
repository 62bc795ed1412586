#include <ATen/ExpandUtils.h>
#include <ATen/ops/_sparse_coo_tensor_unsafe.h>
#include <ATen/ops/_to_sparse_native.h>
#include <ATen/ops/_unique2.h>
#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/result_type.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <torch/library.h>

// Sparse (COO) tensors: what PyTorch has no kernel for that serves any device. The others are
// generated, csrc/aten/codegen/layouts.py.
namespace at_npu {
namespace {

// The place of each entry in the flattened sparse dimensions.
at::Tensor positions(const at::Tensor& indices, at::IntArrayRef sizes) {
  at::Tensor found = at::zeros({indices.size(1)}, indices.options());
  for (int64_t dim = 0; dim < indices.size(0); ++dim) {
    found = found.mul(sizes[dim]).add(indices.select(0, dim));
  }
  return found;
}

at::Tensor indices_of(at::Tensor positions, at::IntArrayRef sizes) {
  std::vector<at::Tensor> rows(sizes.size());
  for (size_t dim = sizes.size(); dim-- > 0;) {
    rows[dim] = positions.remainder(sizes[dim]);
    positions = positions.floor_divide(sizes[dim]);
  }
  return rows.empty() ? at::empty({0, positions.numel()}, positions.options()) : at::stack(rows);
}

at::IntArrayRef sparse_sizes(const at::Tensor& tensor) {
  return tensor.sizes().slice(0, tensor.sparse_dim());
}

at::Tensor coalesce(const at::Tensor& self) {
  const at::Tensor values = self._values();
  if (self._nnz() < 2) return self.clone()._coalesced_(true);
  const at::Tensor all = positions(self._indices(), sparse_sizes(self));
  const auto [unique, place, count] = at::_unique2(all, /*sorted=*/true, /*return_inverse=*/true);
  at::DimVector sizes(values.sizes());
  sizes[0] = unique.size(0);
  const at::Tensor sums = at::zeros(sizes, values.options()).index_add_(0, place, values);
  return at::_sparse_coo_tensor_unsafe(indices_of(unique, sparse_sizes(self)), sums, self.sizes(),
                                       self.options(), /*is_coalesced=*/true);
}

void check_castable(const at::Tensor& self, const at::Tensor& other, const at::Tensor& out) {
  const at::ScalarType dtype = at::result_type(self, other);
  TORCH_CHECK(c10::canCast(dtype, out.scalar_type()), "result type ", dtype,
              " can't be cast to the desired output type ", out.scalar_type());
}

// out = dense + alpha * sparse
void add_to_dense(const at::Tensor& dense, const at::Tensor& sparse, const at::Scalar& alpha,
                  at::Tensor& out) {
  TORCH_CHECK(dense.sizes() == sparse.sizes(),
              "add: expected 'self' and 'other' to have the same "
              "size, but self has size ",
              dense.sizes(), " while other has size ", sparse.sizes());
  check_castable(dense, sparse, out);
  if (!out.is_same(dense)) out.resize_(dense.sizes()).copy_(dense);
  if (sparse._nnz() == 0) return;
  const int64_t dims = sparse.sparse_dim();
  at::DimVector sizes(dense.sizes().slice(dims));
  sizes.insert(sizes.begin(), c10::multiply_integers(sparse_sizes(sparse)));
  const at::Tensor flat = out.contiguous().view(sizes);
  const at::Tensor values = sparse._values().to(out.scalar_type());
  flat.index_add_(0, positions(sparse._indices(), sparse_sizes(sparse)), values, alpha);
  if (!flat.is_alias_of(out)) out.copy_(flat.view(out.sizes()));
}

at::Tensor& add_out(const at::Tensor& self, const at::Tensor& other, const at::Scalar& alpha,
                    at::Tensor& out) {
  if (!self.is_sparse()) {
    add_to_dense(self, other, alpha, out);
    return out;
  }
  TORCH_CHECK(other.is_sparse(), "add(sparse, dense) is not supported. Use add(dense, sparse).");
  TORCH_CHECK(self.sizes() == other.sizes() && self.sparse_dim() == other.sparse_dim(),
              "add: expected sizes of 'self' and 'other' to match, but ", self.sizes(),
              " != ", other.sizes());
  check_castable(self, other, out);
  const at::ScalarType dtype = out.scalar_type();
  const at::Tensor values = other._values().to(dtype).mul(alpha);
  const at::Tensor sum = at::_sparse_coo_tensor_unsafe(
      at::cat({self._indices(), other._indices()}, 1), at::cat({self._values().to(dtype), values}),
      self.sizes(), self.options().dtype(dtype));
  return out.resize_as_sparse_(sum).copy_(sum.coalesce());
}

// What a dense tensor has at the indices of a sparse one.
at::Tensor values_at(const at::Tensor& dense, const at::Tensor& sparse) {
  at::DimVector sizes(dense.sizes().slice(sparse.sparse_dim()));
  sizes.insert(sizes.begin(), c10::multiply_integers(sparse_sizes(sparse)));
  return dense.reshape(sizes).index_select(0, positions(sparse._indices(), sparse_sizes(sparse)));
}

at::Tensor sparse_mask(const at::Tensor& self, const at::Tensor& mask) {
  TORCH_CHECK(mask.is_sparse(), "sparse_mask on npu: expected a mask of layout sparse_coo, got ",
              mask.layout());
  TORCH_CHECK(self.sizes() == mask.sizes(),
              "sparse_mask(): operands have incompatible sizes; "
              "self has size ",
              self.sizes(), " but mask has size ", mask.sizes());
  const at::Tensor values = values_at(self.is_sparse() ? self.to_dense() : self, mask);
  return at::_sparse_coo_tensor_unsafe(mask._indices(), values, self.sizes(),
                                       mask.options().dtype(self.scalar_type()),
                                       mask.is_coalesced());
}

// Of the same indices, or with a dense tensor that broadcasts to the sparse one.
at::Tensor& mul_out(const at::Tensor& self, const at::Tensor& other, at::Tensor& out) {
  if (!self.is_sparse()) return mul_out(other, self, out);
  check_castable(self, other, out);
  const at::Tensor sparse = self.coalesce();
  at::Tensor factor = other;
  if (other.dim() != 0) {
    TORCH_CHECK(other.is_sparse() ? self.sizes() == other.sizes()
                                  : at::is_expandable_to(other.sizes(), self.sizes()),
                "mul(sparse, x): expected x of size ", self.sizes(), ", but got ", other.sizes());
    factor = values_at(other.is_sparse() ? other.to_dense() : other.expand(self.sizes()), sparse);
  }
  const at::Tensor product = at::_sparse_coo_tensor_unsafe(
      sparse._indices(), sparse._values().mul(factor).to(out.scalar_type()), self.sizes(),
      self.options().dtype(out.scalar_type()), /*is_coalesced=*/true);
  return out.resize_as_sparse_(product).copy_(product);
}

// self * beta + alpha * sparse @ dense
at::Tensor add_product(const at::Tensor& self, const at::Tensor& sparse, const at::Tensor& dense,
                       const at::Scalar& beta, const at::Scalar& alpha) {
  TORCH_CHECK(sparse.is_sparse() && !dense.is_sparse() && !self.is_sparse(),
              "addmm on npu: expected a dense, a sparse and a dense matrix");
  TORCH_CHECK(sparse.sparse_dim() == 2 && sparse.dense_dim() == 0 && dense.dim() == 2 &&
                  sparse.size(1) == dense.size(0),
              "addmm: expected matrices that can be multiplied, got ", sparse.sizes(), " and ",
              dense.sizes());
  const at::Tensor indices = sparse._indices();
  const at::Tensor terms =
      sparse._values().unsqueeze(1).mul(dense.index_select(0, indices.select(0, 1)));
  const at::Tensor bias = self.expand({sparse.size(0), dense.size(1)});
  const bool keeps = beta.toComplexDouble() != 0.;
  const at::Tensor sum = keeps ? bias.mul(beta) : at::zeros(bias.sizes(), dense.options());
  return sum.index_add_(0, indices.select(0, 0), terms, alpha);
}

at::Tensor& addmm_out(const at::Tensor& self, const at::Tensor& sparse, const at::Tensor& dense,
                      const at::Scalar& beta, const at::Scalar& alpha, at::Tensor& out) {
  const at::Tensor result = add_product(self, sparse, dense, beta, alpha);
  return out.resize_(result.sizes()).copy_(result);
}

at::Tensor& addmm_(at::Tensor& self, const at::Tensor& sparse, const at::Tensor& dense,
                   const at::Scalar& beta, const at::Scalar& alpha) {
  return self.copy_(add_product(self, sparse, dense, beta, alpha));
}

at::Tensor to_sparse(const at::Tensor& self, int64_t sparse_dim) {
  return at::native::dense_to_sparse(self, sparse_dim);
}

at::Tensor to_sparse_layout(const at::Tensor& self, std::optional<at::Layout> layout,
                            at::OptionalIntArrayRef blocksize, std::optional<int64_t> dense_dim) {
  return at::native::dense_to_sparse(self, layout, blocksize, dense_dim);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, SparsePrivateUse1, m) {
  m.impl("_coalesce", &coalesce);
  m.impl("add.out", &add_out);
  m.impl("mul.out", &mul_out);
  m.impl("sparse_mask", &sparse_mask);
  m.impl("addmm", &add_product);
  m.impl("addmm.out", &addmm_out);
  m.impl("addmm_", &addmm_);
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_to_sparse.sparse_dim", &to_sparse);
  m.impl("_to_sparse", &to_sparse_layout);
}

}  // namespace at_npu
