#include <ATen/TensorOperators.h>
#include <ATen/ops/floor_divide.h>

#include "emulator/ops/emulate.h"
#include "emulator/ops/functions/inference.h"

// Caches of keys and values in blocks: [blocks, block size, heads, depth], or in format NZ
// [blocks, heads * depth / n, block size, n] with n elements in 32 bytes.
namespace ascend_emulator {
namespace {

// The cache as [slots, …] rows, of which one is a token's.
Tensor slots(const Tensor& cache, std::string_view mode, const Tensor& tokens) {
  TORCH_CHECK(mode.empty() || mode == "Norm" || mode == "PA_NZ", "cacheMode is ", mode,
              "; it must be Norm or PA_NZ.");
  if (mode != "PA_NZ") return cache.flatten(0, 1);
  // As [blocks, block size, columns, n]: a view, whose first two dimensions do not merge.
  TORCH_CHECK(cache.dim() == 4 && cache.size(1) * cache.size(3) * tokens.size(0) == tokens.numel(),
              "a cache in format NZ must be [blocks, heads * depth / n, block size, n], got ",
              cache.sizes(), " for tokens ", tokens.sizes());
  return cache.transpose(1, 2);
}

void scatter(const Tensor& tokens, Tensor& cache, const Tensor& slot, std::string_view mode) {
  const Tensor target = slots(cache, mode, tokens);
  const Tensor index = slot.flatten().to(at::kLong);
  const Tensor used = (index >= 0).nonzero().flatten();
  const Tensor to = index.index_select(0, used), from = tokens.index_select(0, used);
  if (mode == "PA_NZ") {
    const int64_t size = target.size(1);
    target.index_put_({at::floor_divide(to, size), to.remainder(size)},
                      from.reshape({-1, target.size(2), target.size(3)}));
  } else {
    target.index_copy_(0, to, from.reshape({-1, target.size(1), target.size(2)}));
  }
}

void gather(const Tensor& cache, const Tensor& table, const Tensor& lengths,
            const OptionalTensor& offsets, bool is_cumulative, std::string_view mode, Tensor& out) {
  const Tensor rows = mode == "PA_NZ" ? cache.transpose(1, 2) : cache;
  const int64_t size = rows.size(1);
  int64_t begin = 0;
  for (int64_t b = 0; b < table.size(0); ++b) {
    const int64_t length = is_cumulative
                               ? lengths[b + 1].item<int64_t>() - lengths[b].item<int64_t>()
                               : lengths[b].item<int64_t>();
    const int64_t first = offsets ? (*offsets)[b].item<int64_t>() : 0;
    const int64_t count = (first + length + size - 1) / size;
    const Tensor index = table.select(0, b).slice(0, 0, count).to(at::kLong);
    const Tensor found = rows.index_select(0, index).flatten(0, 1).slice(0, first, first + length);
    Tensor part = out.slice(0, begin, begin + length);
    part.copy_(found.reshape(part.sizes()));
    begin += length;
  }
}

}  // namespace

EMULATE(aclnnScatterPaKvCache,
        [](Tensor key, Tensor key_cache, Tensor slot, Tensor value, Tensor value_cache,
           OptionalTensor compress_lengths, OptionalTensor compress_offsets, OptionalTensor lengths,
           std::string_view cache_mode, std::string_view, OptionalIntArray, OptionalIntArray) {
          TORCH_CHECK(!compress_lengths && !compress_offsets && !lengths,
                      "compressed caches are not emulated.");
          scatter(key, key_cache, slot, cache_mode);
          scatter(value, value_cache, slot, cache_mode);
        })
EMULATE(aclnnGatherPaKvCache,
        [](Tensor key_cache, Tensor value_cache, Tensor table, Tensor lengths, Tensor key,
           Tensor value, OptionalTensor offsets, std::string_view mode, bool is_cumulative) {
          gather(key_cache, table, lengths, offsets, is_cumulative, mode, key);
          gather(value_cache, table, lengths, offsets, is_cumulative, mode, value);
        })

}  // namespace ascend_emulator
