#include <ATen/WrapDimUtils.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <torch/library.h>

#include <algorithm>

#include "csrc/aten/Outputs.h"
#include "csrc/core/NPUGuard.h"

// Distinct values by sorting and looking for where the neighbours differ. How many there are is
// data, so these wait for the device.
namespace at_npu {
namespace {

using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

at::Tensor nothing(const at::Tensor& like) { return empty({0}, at::kLong, like.device()); }

// Which of the rows (or numbers) differ from the one before.
at::Tensor begins_run(const at::Tensor& rows) {
  const at::Tensor begins = empty({rows.size(0)}, at::kBool, rows.device()).fill_(true);
  if (rows.size(0) < 2) return begins;
  at::Tensor differs = rows.slice(0, 1).ne(rows.slice(0, 0, -1));
  if (differs.dim() > 1) differs = differs.any(1);
  begins.slice(0, 1).copy_(differs);
  return begins;
}

struct Runs {
  at::Tensor places, inverse, counts;  // of the first of each run; of the run of each row; lengths
};

// `order`: where each row was before sorting, if they were sorted.
Runs runs(const at::Tensor& rows, const at::Tensor& order, bool with_inverse, bool with_counts) {
  const at::Tensor begins = begins_run(rows);
  Runs result{begins.nonzero().squeeze(1), nothing(rows), nothing(rows)};
  if (with_inverse) {
    const at::Tensor numbers = begins.to(at::kLong).cumsum(0).sub_(1);
    result.inverse = order.defined() ? new_like(numbers).scatter_(0, order, numbers) : numbers;
  }
  if (with_counts) {
    const at::Tensor end = empty({1}, at::kLong, rows.device()).fill_(rows.size(0));
    result.counts = at::cat({result.places.slice(0, 1), end}).sub_(result.places);
  }
  return result;
}

Three of_nothing(const at::Tensor& self) {
  return {new_like(self, at::IntArrayRef({0})), empty(self.sizes(), at::kLong, self.device()),
          nothing(self)};
}

Three unique2(const at::Tensor& self, bool /*sorted*/, bool with_inverse, bool with_counts) {
  const c10_npu::NPUGuard guard(self.device());
  if (self.numel() == 0) return of_nothing(self);
  const auto [values, order] = self.reshape({-1}).sort();
  const Runs found = runs(values, order, with_inverse, with_counts);
  return {values.index_select(0, found.places),
          with_inverse ? found.inverse.view(self.sizes()) : found.inverse, found.counts};
}

std::tuple<at::Tensor, at::Tensor> unique(const at::Tensor& self, bool sorted, bool with_inverse) {
  const auto [values, inverse, counts] = unique2(self, sorted, with_inverse, false);
  return {values, inverse};
}

// No slices along `dim`; slices of nothing cannot be told apart.
bool has_no_rows(const at::Tensor& self, int64_t dim) {
  const auto empty_dims = std::count(self.sizes().begin(), self.sizes().end(), 0);
  if (self.size(dim) == 0) {
    TORCH_CHECK(empty_dims == 1,
                "Number of zero sized dimensions is more than one, so unique cannot be applied");
    return true;
  }
  TORCH_CHECK(empty_dims == 0,
              "There are 0 sized dimensions, and they aren't selected, so unique cannot be "
              "applied");
  return false;
}

// The slices along `dim`, each as one row.
at::Tensor as_rows(const at::Tensor& self, int64_t dim) {
  return self.movedim(dim, 0).reshape({self.size(dim), -1});
}

Three consecutive(const at::Tensor& self, bool with_inverse, bool with_counts,
                  std::optional<int64_t> dim) {
  const c10_npu::NPUGuard guard(self.device());
  if (!dim.has_value()) {
    if (self.numel() == 0) return of_nothing(self);
    const at::Tensor values = self.reshape({-1});
    const Runs found = runs(values, at::Tensor(), with_inverse, with_counts);
    return {values.index_select(0, found.places),
            with_inverse ? found.inverse.view(self.sizes()) : found.inverse, found.counts};
  }
  const int64_t wrapped = at::maybe_wrap_dim(*dim, self.dim());
  if (has_no_rows(self, wrapped)) return {self.clone(), nothing(self), nothing(self)};
  const at::Tensor rows = as_rows(self, wrapped);
  const Runs found = runs(rows, at::Tensor(), with_inverse, with_counts);
  return {self.index_select(wrapped, found.places), found.inverse, found.counts};
}

// In lexicographic order: sorted stably by each column, the first one last.
at::Tensor order_of(const at::Tensor& rows) {
  at::Tensor order = at::arange(rows.size(0), rows.options().dtype(at::kLong));
  for (int64_t column = rows.size(1) - 1; column >= 0; --column) {
    const at::Tensor values = rows.select(1, column).index_select(0, order);
    order = order.index_select(0, std::get<1>(values.sort(/*stable=*/true, 0, false)));
  }
  return order;
}

Three along_dim(const at::Tensor& self, int64_t dim, bool /*sorted*/, bool with_inverse,
                bool with_counts) {
  const c10_npu::NPUGuard guard(self.device());
  const int64_t wrapped = at::maybe_wrap_dim(dim, self.dim());
  if (has_no_rows(self, wrapped)) return {self.clone(), nothing(self), nothing(self)};
  const at::Tensor rows = as_rows(self, wrapped);
  const at::Tensor order = order_of(rows);
  const Runs found = runs(rows.index_select(0, order), order, with_inverse, with_counts);
  return {self.index_select(wrapped, order.index_select(0, found.places)), found.inverse,
          found.counts};
}

Three consecutive_along_dim(const at::Tensor& self, int64_t dim, bool with_inverse,
                            bool with_counts) {
  return consecutive(self, with_inverse, with_counts, dim);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("_unique", &unique);
  m.impl("_unique2", &unique2);
  m.impl("unique_consecutive", &consecutive);
  m.impl("unique_dim", &along_dim);
  m.impl("unique_dim_consecutive", &consecutive_along_dim);
}

}  // namespace at_npu
