#include "emulator/ops/kernels/sparse_sequences.h"

#include <c10/util/Exception.h>

namespace ascend_emulator {
namespace {

std::vector<int64_t> numbers(const OptionalTensor& lengths) {
  if (!lengths || lengths->numel() == 0) return {};
  const Tensor values = lengths->flatten().to(at::kLong).contiguous();
  return {values.const_data_ptr<int64_t>(), values.const_data_ptr<int64_t>() + values.numel()};
}

// From the ends of sequences that lie one after the other.
Tensor between(const Tensor& tensor, const std::vector<int64_t>& ends, int64_t b) {
  return tensor.slice(0, b == 0 ? 0 : ends[b - 1], ends[b]);
}

Tensor one(const Tensor& tensor, std::string_view layout, const std::vector<int64_t>& lengths,
           int64_t b) {
  if (layout == "TND") return between(tensor, lengths, b);
  const Tensor all = tensor.select(0, b);
  return lengths.empty() ? all : all.slice(0, 0, lengths[b]);
}

}  // namespace

Sequences::Sequences(const Tensor& query, std::string_view query_layout,
                     const OptionalTensor& query_lengths, std::string_view key_layout,
                     const OptionalTensor& key_lengths, const OptionalTensor& block_table)
    : query_layout_(query_layout),
      key_layout_(key_layout),
      query_lengths_(numbers(query_lengths)),
      key_lengths_(numbers(key_lengths)),
      block_table_(block_table),
      count_(query_layout == "TND" ? static_cast<int64_t>(query_lengths_.size()) : query.size(0)) {
  TORCH_CHECK(query_layout == "BSND" || (query_layout == "TND" && !query_lengths_.empty()),
              "the layout of query is ", query_layout,
              "; it must be BSND, or TND with actualSeqLengthsQuery.");
  TORCH_CHECK(key_layout == "BSND" ||
                  ((key_layout == "TND" || (key_layout == "PA_BSND" && block_table_.has_value())) &&
                   !key_lengths_.empty()),
              "the layout of key is ", key_layout,
              "; it must be BSND, or TND or PA_BSND (which needs a block table) with lengths.");
}

Tensor Sequences::queries(const Tensor& tensor, int64_t b) const {
  return one(tensor, query_layout_, query_lengths_, b);
}

Tensor Sequences::keys(const Tensor& tensor, int64_t b) const {
  if (key_layout_ != "PA_BSND") return one(tensor, key_layout_, key_lengths_, b);
  const int64_t size = tensor.size(1), blocks = (key_lengths_[b] + size - 1) / size;
  const Tensor index = block_table_->select(0, b).slice(0, 0, blocks).to(at::kLong);
  return tensor.index_select(0, index).flatten(0, 1).slice(0, 0, key_lengths_[b]);
}

}  // namespace ascend_emulator
