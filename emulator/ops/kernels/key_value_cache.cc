#include <ATen/TensorOperators.h>
#include <ATen/ops/floor_divide.h>

#include "emulator/ops/emulate.h"
#include "emulator/ops/functions/inference.h"
#include "emulator/ops/kernels/cache_slots.h"

// Caches of keys and values in blocks: [blocks, block size, heads, depth], or in format NZ
// [blocks, heads * depth / n, block size, n] with n elements in 32 bytes.
namespace ascend_emulator {
namespace {

void check_mode(std::string_view mode) {
  TORCH_CHECK(mode.empty() || mode == "Norm" || mode == "PA_NZ", "cacheMode is ", mode,
              "; it must be Norm or PA_NZ.");
}

void scatter(const Tensor& tokens, Tensor& cache, const Tensor& slots, std::string_view mode) {
  check_mode(mode);
  if (mode != "PA_NZ") return write_slots(tokens, cache, slots);
  TORCH_CHECK(cache.dim() == 4 && cache.size(1) * cache.size(3) * tokens.size(0) == tokens.numel(),
              "a cache in format NZ must be [blocks, heads * depth / n, block size, n], got ",
              cache.sizes(), " for tokens ", tokens.sizes());
  // As [blocks, block size, columns, n].
  write_slots(tokens, cache.transpose(1, 2), slots);
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

void write_slots(const Tensor& tokens, const Tensor& cache, const Tensor& slots) {
  const Tensor index = slots.flatten().to(at::kLong);
  const Tensor used = (index >= 0).nonzero().flatten();
  const Tensor to = index.index_select(0, used), from = tokens.index_select(0, used);
  std::vector<int64_t> sizes(cache.sizes().begin() + 1, cache.sizes().end());
  sizes[0] = used.numel();
  const int64_t size = cache.size(1);
  cache.index_put_({at::floor_divide(to, size), to.remainder(size)},
                   from.reshape(sizes).to(cache.scalar_type()));
}

Tensor nz_slots(const Tensor& cache) {
  const int64_t n = 32 / cache.element_size();
  const int64_t columns = cache.numel() / (cache.size(0) * cache.size(1));
  TORCH_CHECK(columns % n == 0, "the depth ", columns,
              " of a cache in format NZ must be a multiple", " of ", n, ".");
  return cache.view({cache.size(0), columns / n, cache.size(1), n}).transpose(1, 2);
}

EMULATE(aclnnScatterPaCache,
        [](Tensor key, Tensor cache, Tensor slots, OptionalTensor compress_lengths,
           OptionalTensor compress_offsets, OptionalTensor lengths, std::string_view mode) {
          TORCH_CHECK(!compress_lengths && !compress_offsets && !lengths,
                      "compressed caches are not emulated.");
          scatter(key, cache, slots, mode);
        })
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
