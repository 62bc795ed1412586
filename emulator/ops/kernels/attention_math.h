#pragma once

#include "emulator/ops/emulate.h"

// Attention over whole score matrices in float32:
// O = drop(softmax(mask(scale * (Q K' + shift)))) V, with heads as [batch, heads, length, depth].
namespace ascend_emulator {

// Which scores the attention leaves out.
struct Masking {
  OptionalTensor mask;
  int64_t sparse_mode, before, after;

  // Undefined: nothing is left out.
  Tensor excluded(int64_t rows, int64_t columns) const;
};

// A key or value head may serve several query heads.
Tensor spread(const Tensor& heads, int64_t groups);

struct Weights {
  Tensor weights;       // softmax of the scores: [batch, heads, queries, keys]
  Tensor maximum, sum;  // [batch, heads, queries, 1]
};
Weights attention_weights(const Tensor& query, const Tensor& key, const OptionalTensor& shift,
                          double scale, const Masking& masking);
// With one score more for each head, `sink` [heads], that takes part in the sum only.
Weights with_sink(const Weights& weights, const OptionalTensor& sink);
// The same from the statistics of the forward.
Tensor attention_weights(const Tensor& query, const Tensor& key, const OptionalTensor& shift,
                         double scale, const Masking& masking, const Tensor& maximum,
                         const Tensor& sum);

// Factors of dropout, 0 or 1 / keep, from flat bits; undefined: no dropout.
Tensor kept(const Tensor& bits, const Tensor& like, double keep);

struct Gradients {
  Tensor query, key, value, scores;
  Tensor inner;  // sum of weight * its gradient in each row, which a sink's gradient is made of
};
// `key` and `value` are spread already; their gradients are gathered to the given number of groups.
Gradients attention_gradients(const Tensor& grad, const Tensor& query, const Tensor& key,
                              const Tensor& value, const Tensor& weights, const Tensor& dropout,
                              double scale, int64_t groups);

}  // namespace ascend_emulator
