#include "emulator/ops/functions/indexing.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_chunk_cat.h>
#include <ATen/ops/_embedding_bag.h>
#include <ATen/ops/_index_put_impl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/embedding_renorm.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_fill.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/masked_select.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/repeat_interleave.h>
#include <ATen/ops/roll.h>
#include <ATen/ops/scatter.h>
#include <ATen/ops/scatter_add.h>
#include <ATen/ops/scatter_reduce.h>
#include <ATen/ops/searchsorted.h>
#include <ATen/ops/split_with_sizes.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/take.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>
#include <ATen/ops/where.h>

#include "emulator/ops/kernels/operand.h"
#include "emulator/ops/kernels/wide_unsigned.h"

namespace ascend_emulator {
namespace {

Tensor long_index(const Tensor& index) { return index.to(at::kLong); }

// A dimension without an index is a null element or, as the hardware's clients write it, an empty
// tensor of one dimension, unless the result is empty as well.
c10::List<OptionalTensor> index_list(const Tensors& indices, bool empty_result) {
  c10::List<OptionalTensor> list;
  for (const Tensor& index : indices) {
    const bool absent = !index.defined() || (index.numel() == 0 && !empty_result);
    list.push_back(absent ? OptionalTensor() : OptionalTensor(index));
  }
  return list;
}

// reduce of aclnnScatter: 0 replaces, 1 adds, 2 multiplies. Source is a Tensor or a Scalar.
template <class Source>
void scatter(Tensor& out, const Tensor& self, int64_t dim, const Tensor& index,
             const Source& source, int64_t reduce) {
  TORCH_CHECK(reduce >= 0 && reduce <= 2, "reduce is ", reduce,
              "; it must be 0 (replace), 1 (add) or 2 (multiply).");
  if (reduce == 0) {
    at::scatter_out(out, self, dim, long_index(index), source);
  } else {
    at::scatter_out(out, self, dim, long_index(index), source, reduce == 1 ? "add" : "multiply");
  }
}

}  // namespace

EMULATE(aclnnEmbedding, [](Tensor weight, Tensor indices, Tensor out) {
  out.copy_(at::embedding(weight, indices));
})
EMULATE(aclnnEmbeddingDenseBackward, [](Tensor grad, Tensor indices, int64_t rows,
                                        int64_t padding_index, bool scale, Tensor out) {
  // Sums of many rows in a reduced type lose them; the hardware accumulates in float32.
  out.copy_(at::embedding_dense_backward(grad.to(at::kFloat), long_index(indices), rows,
                                         padding_index, scale));
})

EMULATE(aclnnIndex, [](Tensor self, Tensors indices, Tensor out) {
  out.copy_(at::index(self, index_list(indices, out.numel() == 0)));
})
EMULATE(aclnnIndexPutImpl, [](Tensor self, Tensors indices, Tensor values, bool accumulate,
                              bool unsafe) {
  at::_index_put_impl_(self, index_list(indices, values.numel() == 0), values, accumulate, unsafe);
})
EMULATE(aclnnIndexSelect, [](Tensor self, int64_t dim, Tensor index, Tensor out) {
  at::index_select_out(out, self, dim, index);
})
EMULATE(aclnnIndexAdd, [](Tensor self, int64_t dim, Tensor index, Tensor source, Scalar alpha,
                          Tensor out) { at::index_add_out(out, self, dim, index, source, alpha); })
EMULATE(aclnnIndexFillTensor,
        [](Tensor self, int64_t dim, IntArray index, Scalar value, Tensor out) {
          out.copy_(at::index_fill(self, dim, at::tensor(index), value));
        })
EMULATE(aclnnIndexFill, [](Tensor self, int64_t dim, Tensor index, Scalar value, Tensor out) {
  out.copy_(at::index_fill(self, dim, long_index(index), value));
})
EMULATE(aclnnIndexCopy, [](Tensor self, int64_t dim, Tensor index, Tensor source, Tensor out) {
  at::index_copy_out(out, self, dim, long_index(index), source);
})
EMULATE(aclnnInplaceIndexCopy, [](Tensor self, int64_t dim, Tensor index, Tensor source) {
  self.index_copy_(dim, long_index(index), source);
})

EMULATE(aclnnGather, [](Tensor self, int64_t dim, Tensor index, Tensor out) {
  Tensor result = same_bits(out);
  at::gather_out(result, same_bits(self), dim, long_index(index));
})
EMULATE(aclnnScatter, [](Tensor self, int64_t dim, Tensor index, Tensor source, int64_t reduce,
                         Tensor out) { scatter(out, self, dim, index, source, reduce); })
EMULATE(aclnnScatterValue, [](Tensor self, int64_t dim, Tensor index, Scalar value, int64_t reduce,
                              Tensor out) { scatter(out, self, dim, index, value, reduce); })
EMULATE(aclnnInplaceScatter,
        [](Tensor self, int64_t dim, Tensor index, Tensor source, int64_t reduce) {
          scatter(self, self, dim, index, source, reduce);
        })
EMULATE(aclnnInplaceScatterValue,
        [](Tensor self, int64_t dim, Tensor index, Scalar value, int64_t reduce) {
          scatter(self, self, dim, index, value, reduce);
        })
EMULATE(aclnnScatterAdd, [](Tensor self, int64_t dim, Tensor index, Tensor source, Tensor out) {
  at::scatter_add_out(out, self, dim, long_index(index), source);
})
EMULATE(aclnnTake, [](Tensor self, Tensor index, Tensor out) {
  Tensor result = same_bits(out);
  at::take_out(result, same_bits(self), long_index(index));
})

EMULATE(aclnnMaskedSelect, [](Tensor self, Tensor mask, DynamicTensor out) {
  out.set(at::masked_select(self, mask.to(at::kBool)));
})
EMULATE(aclnnInplaceMaskedFillScalar,
        [](Tensor self, Tensor mask, Scalar value) { self.masked_fill_(mask, value); })
EMULATE(aclnnInplaceMaskedFillTensor,
        [](Tensor self, Tensor mask, Tensor value) { self.masked_fill_(mask, value.squeeze()); })
EMULATE(aclnnInplaceMaskedScatter, [](Tensor self, Tensor mask, Tensor source) {
  self.masked_scatter_(mask.to(at::kBool), source);
})
EMULATE(aclnnNonzero, [](Tensor self, DynamicTensor out) { out.set(at::nonzero(self)); })

EMULATE(aclnnCat, [](Tensors tensors, int64_t dim, Tensor out) { at::cat_out(out, tensors, dim); })
EMULATE(aclnnStack,
        [](Tensors tensors, int64_t dim, Tensor out) { at::stack_out(out, tensors, dim); })
EMULATE(aclnnFlip, [](Tensor self, IntArray dims, Tensor out) { out.copy_(at::flip(self, dims)); })
EMULATE(aclnnRoll, [](Tensor self, IntArray shifts, IntArray dims, Tensor out) {
  out.copy_(at::roll(self, shifts, dims));
})
EMULATE(aclnnTriu, broadcast, [](Tensor self, int64_t diagonal, Tensor out) {
  Tensor result = same_bits(out);
  at::triu_out(result, same_bits(self), diagonal);
})
EMULATE(aclnnTril, broadcast, [](Tensor self, int64_t diagonal, Tensor out) {
  Tensor result = same_bits(out);
  at::tril_out(result, same_bits(self), diagonal);
})
EMULATE(aclnnInplaceTriu, [](Tensor self, int64_t diagonal) { same_bits(self).triu_(diagonal); })
EMULATE(aclnnInplaceTril, [](Tensor self, int64_t diagonal) { same_bits(self).tril_(diagonal); })
EMULATE(aclnnRepeat,
        [](Tensor self, IntArray repeats, Tensor out) { out.copy_(self.repeat(repeats)); })
EMULATE(aclnnRepeatInterleave, [](Tensor self, Tensor repeats, int64_t output_size, Tensor out) {
  out.copy_(at::repeat_interleave(self, repeats, std::nullopt, output_size));
})
EMULATE(aclnnPermute, [](Tensor self, IntArray dims, Tensor out) { out.copy_(self.permute(dims)); })
EMULATE(aclnnSlice, [](Tensor self, int64_t dim, int64_t start, int64_t end, int64_t step,
                       Tensor out) { out.copy_(self.slice(dim, start, end, step)); })
EMULATE(aclnnConstantPadNd, [](Tensor self, IntArray pad, Scalar value, Tensor out) {
  out.copy_(at::constant_pad_nd(self, pad, value));
})
EMULATE(aclnnOneHot,
        [](Tensor self, int64_t classes, Tensor on, Tensor off, int64_t axis, Tensor out) {
          const int64_t dim = axis < 0 ? self.dim() : axis;
          std::vector<int64_t> shape(self.dim() + 1, 1);
          shape.at(dim) = classes;
          const Tensor hot = self.unsqueeze(dim) == at::arange(classes).reshape(shape);
          out.copy_(at::where(hot, on, off));
        })

EMULATE(aclnnEmbeddingRenorm, [](Tensor self, Tensor indices, double max_norm, double norm_type) {
  at::embedding_renorm_(self, indices, max_norm, norm_type);
})
// What the caller has no room for is not stored.
EMULATE(aclnnEmbeddingBag,
        [](Tensor weight, Tensor indices, Tensor offsets, bool scale, int64_t mode, bool sparse,
           OptionalTensor per_sample, bool with_last, int64_t padding_index, Tensor out,
           Tensor offset_to_bag, Tensor bag_size, Tensor max_indices) {
          const auto store = [](Tensor& target, const Tensor& value) {
            if (target.numel() == value.numel()) target.copy_(value.reshape(target.sizes()));
          };
          const Tensor starts = long_index(offsets);
          const auto [bags, unused, sizes, maxima] =
              at::_embedding_bag(wide(weight), long_index(indices), starts, scale, mode, sparse,
                                 wide(per_sample), with_last, padding_index);
          out.copy_(bags);
          const Tensor all = at::arange(indices.numel(), at::kLong);
          store(offset_to_bag, at::searchsorted(starts, all, false, /*right=*/true) - 1);
          store(bag_size, sizes);
          store(max_indices, maxima);
        })
EMULATE(aclnnInplacePut, [](Tensor self, Tensor index, Tensor source, bool accumulate) {
  self.put_(long_index(index), source, accumulate);
})
// The last dimension of the indices is an index into the first dimensions of the tensor.
EMULATE(aclnnScatterNdUpdate, [](Tensor self, Tensor indices, Tensor updates) {
  c10::List<std::optional<Tensor>> index;
  for (const Tensor& one : long_index(indices).unbind(-1)) index.push_back(one);
  self.index_put_(index, updates);
})
// reduce: 0 replaces, then sum, product, maximum, minimum, mean.
EMULATE(aclnnScatterReduce, [](Tensor self, int64_t dim, Tensor index, Tensor source,
                               int64_t reduce, bool include_self, Tensor out) {
  const char* const names[] = {"", "sum", "prod", "amax", "amin", "mean"};
  TORCH_CHECK(reduce >= 0 && reduce <= 5, "reduce is ", reduce, "; it must be 0 to 5.");
  if (reduce == 0) {
    at::scatter_out(out, self, dim, long_index(index), source);
  } else if (reduce == 1 && include_self) {
    at::scatter_add_out(out, self, dim, long_index(index), source);
  } else {
    at::scatter_reduce_out(out, self, dim, long_index(index), source, names[reduce], include_self);
  }
})
EMULATE(aclnnRepeatInterleaveTensor, [](Tensor repeats, int64_t output_size, Tensor out) {
  out.copy_(at::repeat_interleave(repeats, std::optional(output_size)));
})
EMULATE(aclnnChannelShuffle, [](Tensor self, int64_t groups, Tensor out) {
  out.copy_(self.unflatten(1, {groups, -1}).transpose(1, 2).flatten(1, 2));
})
EMULATE(aclnnChunkCat, [](Tensors tensors, int64_t dim, int64_t chunks, Tensor out) {
  out.copy_(at::_chunk_cat(tensors, dim, chunks));
})
EMULATE(aclnnSplitWithSize, [](Tensor self, IntArray sizes, int64_t dim, Tensors out) {
  const std::vector<Tensor> parts = at::split_with_sizes(self, sizes, dim);
  TORCH_CHECK(parts.size() == out.size(), "splitSize has ", parts.size(), " sizes, out ",
              out.size(), " tensors.");
  for (size_t i = 0; i < out.size(); ++i) out[i].copy_(parts[i]);
})

}  // namespace ascend_emulator
