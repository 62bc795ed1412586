#pragma once

#include "emulator/ops/kernels/attention_math.h"
#include "emulator/ops/kernels/optional.h"

// Attention of inference with 8 bits: of what is stored, of the products, of the result.
namespace ascend_emulator {

// Which keys of which sequence.
struct Place {
  int64_t batch, begin, end;
  Tensor slots;  // with blocks of a cache: of each key
};

// Keys or values in int8: (value + offset) * scale. `mode`: a scale 0 for all or for each channel,
// 1 for each token, 2 for each head, 3 for each token and head, 4 and 5 as 1 and 3 in blocks.
struct AntiQuantization {
  OptionalTensor scale, offset;
  int64_t mode = 0;

  // [heads, length, depth] in float32.
  Tensor values(const Tensor& stored, const Place& place) const;

 private:
  Tensor factor(const Tensor& factors, const Tensor& stored, const Place& place) const;
};

// The `part`, 0 for keys or 1 for values, of scales and offsets that are given as one tensor.
AntiQuantization both(const OptionalTensor& scale, const OptionalTensor& offset, int64_t part,
                      int64_t mode);

// Products in int8, and a result in int8.
struct Quantization {
  OptionalTensor scores, weights, products, result, offset;

  Tensor of_scores(const Tensor& query) const;
  // weights @ value
  Tensor product(const Weights& weights, const Tensor& value) const;
  Tensor of_result(const Tensor& heads) const;  // [1, heads, length, depth]
};

}  // namespace ascend_emulator
