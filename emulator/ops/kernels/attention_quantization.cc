#include "emulator/ops/kernels/attention_quantization.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/floor_divide.h>
#include <ATen/ops/matmul.h>

namespace ascend_emulator {
namespace {

Tensor to_int8(const Tensor& values) { return values.round().clamp(-128, 127); }

// The hardware's word has the float in its lower half.
Tensor as_float(const Tensor& scale) {
  if (scale.scalar_type() != at::kUInt64) return scale.to(at::kFloat);
  return scale.contiguous().view(at::kFloat).unflatten(-1, {-1, 2}).select(-1, 0);
}

}  // namespace

Tensor AntiQuantization::values(const Tensor& stored, const Place& place) const {
  TORCH_CHECK(stored.scalar_type() != at::kInt,
              "keys in int4, eight in an int32, are not emulated.");
  Tensor result = stored.to(at::kFloat);
  if (!has(scale)) return result;
  if (has(offset)) result = result + factor(*offset, stored, place);
  return result * factor(*scale, stored, place);
}

Tensor AntiQuantization::factor(const Tensor& factors, const Tensor& stored,
                                const Place& place) const {
  const Tensor wide = factors.to(at::kFloat);
  const int64_t heads = stored.size(0), depth = stored.size(2);
  switch (mode) {
    case 0:
      return wide.numel() == 1 ? wide.reshape({1, 1, 1}) : wide.reshape({heads, 1, depth});
    case 1:
      return wide.reshape({-1, wide.size(-1)})[place.batch]
          .slice(0, place.begin, place.end)
          .reshape({1, -1, 1});
    case 2:
      return wide.reshape({heads, 1, 1});
    case 3:
      return wide.reshape({-1, heads, wide.size(-1)})[place.batch]
          .slice(1, place.begin, place.end)
          .unsqueeze(-1);
    case 4:
      return wide.flatten().index_select(0, place.slots).reshape({1, -1, 1});
    case 5: {
      const int64_t size = wide.size(-1);
      return wide.index_select(0, at::floor_divide(place.slots, size))
          .gather(2, place.slots.remainder(size).reshape({-1, 1, 1}).expand({-1, heads, 1}))
          .transpose(0, 1);
    }
    default:
      TORCH_CHECK(false, "the mode ", mode,
                  " of quantised keys and values is not emulated; 0 to 5 ", "are.");
  }
}

AntiQuantization both(const OptionalTensor& scale, const OptionalTensor& offset, int64_t part,
                      int64_t mode) {
  const auto one = [&](const OptionalTensor& tensor) {
    return has(tensor) ? OptionalTensor(tensor->select(0, part)) : OptionalTensor();
  };
  return {one(scale), one(offset), mode};
}

Tensor Quantization::of_scores(const Tensor& query) const {
  return has(scores) ? query * as_float(*scores) : query;
}

Tensor Quantization::product(const Weights& found, const Tensor& value) const {
  if (!has(weights)) return at::matmul(found.weights, value);
  TORCH_CHECK(has(products), "deqScale2 is needed with quantScale1.");
  const Tensor narrow = to_int8(found.weights * found.sum * as_float(*weights));
  return at::matmul(narrow, value) * as_float(*products) / found.sum;
}

Tensor Quantization::of_result(const Tensor& heads) const {
  if (!has(result)) return heads;
  const auto spread = [&](const Tensor& tensor) {
    const Tensor wide = as_float(tensor);
    return wide.numel() == 1 ? wide.reshape({1, 1, 1, 1})
                             : wide.reshape({1, heads.size(1), 1, heads.size(3)});
  };
  const Tensor scaled = heads * spread(*result);
  return to_int8(has(offset) ? scaled + spread(*offset) : scaled);
}

}  // namespace ascend_emulator
