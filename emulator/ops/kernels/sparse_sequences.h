#pragma once

#include "emulator/ops/decode.h"

namespace ascend_emulator {

// Sequences of different lengths: of queries in layout BSND or TND (one after the other, with their
// ends as lengths), of keys also in PA_BSND, blocks of a cache.
class Sequences {
 public:
  Sequences(const Tensor& query, std::string_view query_layout, const OptionalTensor& query_lengths,
            std::string_view key_layout, const OptionalTensor& key_lengths,
            const OptionalTensor& block_table);

  int64_t count() const { return count_; }
  // The tokens of sequence b: [tokens, …]. Those of queries are a view.
  Tensor queries(const Tensor& tensor, int64_t b) const;
  Tensor keys(const Tensor& tensor, int64_t b) const;

 private:
  std::string_view query_layout_, key_layout_;
  std::vector<int64_t> query_lengths_, key_lengths_;  // empty: all of the tensor
  OptionalTensor block_table_;
  int64_t count_;
};

}  // namespace ascend_emulator
