#include "csrc/distributed/TensorChecks.h"

#include <algorithm>
#include <numeric>

#include "csrc/core/Macros.h"
#include "csrc/core/NPUFormat.h"

namespace c10d_npu {

void check_tensor(const at::Tensor& tensor, const char* collective) {
  TORCH_CHECK_VALUE(tensor.defined(), collective, ": got an undefined tensor");
  TORCH_CHECK_VALUE(tensor.device().type() == c10_npu::kNPU, collective,
                    ": the hccl backend takes npu tensors, got one on ", tensor.device());
  TORCH_CHECK_VALUE(tensor.layout() == at::kStrided, collective,
                    ": the hccl backend takes dense tensors, got ", tensor.layout());
  TORCH_CHECK_VALUE(c10_npu::formatted_memory(tensor.storage().data_ptr()) == nullptr, collective,
                    ": a tensor is in a private memory format. Cast it to ND first: "
                    "torch_npu.npu_format_cast_(x, torch_npu.Format.ND)");
  TORCH_CHECK_VALUE(tensor.is_non_overlapping_and_dense(), collective,
                    ": tensors must be contiguous, got strides ", tensor.strides(), " for size ",
                    tensor.sizes(), ": call .contiguous() first");
}

void check_list(const Tensors& tensors, const char* collective) {
  TORCH_CHECK_VALUE(!tensors.empty(), collective, ": got no tensor");
  for (const at::Tensor& tensor : tensors) {
    check_tensor(tensor, collective);
    TORCH_CHECK_VALUE(tensor.device() == tensors.front().device(), collective,
                      ": tensors must be on one device, got ", tensors.front().device(), " and ",
                      tensor.device());
  }
}

void check_same_type(const at::Tensor& a, const at::Tensor& b, const char* collective) {
  TORCH_CHECK_TYPE(a.scalar_type() == b.scalar_type(), collective,
                   ": tensors must have one dtype, got ", a.scalar_type(), " and ",
                   b.scalar_type());
  TORCH_CHECK_VALUE(a.device() == b.device(), collective, ": tensors must be on one device, got ",
                    a.device(), " and ", b.device());
}

void check_rank(int64_t rank, int size, const char* collective) {
  TORCH_CHECK_VALUE(rank >= 0 && rank < size, collective, ": root rank ", rank,
                    " is not in a group of ", size);
}

at::Tensor single(const Tensors& tensors, const char* collective) {
  TORCH_CHECK_VALUE(tensors.size() == 1, collective, " takes one tensor per process, got ",
                    tensors.size());
  check_tensor(tensors.front(), collective);
  return tensors.front();
}

void check_pairs(const Tensors& large, const Tensors& small, int size, const char* collective) {
  TORCH_CHECK_VALUE(large.size() == small.size(), collective, ": got ", small.size(),
                    " inputs or outputs for ", large.size());
  check_list(large, collective);
  check_list(small, collective);
  for (size_t i = 0; i < large.size(); ++i) {
    check_same_type(large[i], small[i], collective);
    TORCH_CHECK_VALUE(large[i].numel() == small[i].numel() * size, collective,
                      ": expected a tensor of ", small[i].numel() * size, " elements (",
                      small[i].numel(), " for each of ", size, " ranks), got ", large[i].numel());
  }
}

bool check_per_rank(const Tensors& tensors, int size, const char* collective) {
  TORCH_CHECK_VALUE(static_cast<int>(tensors.size()) == size, collective, ": expected ", size,
                    " tensors, one per rank, got ", tensors.size());
  check_list(tensors, collective);
  for (const at::Tensor& tensor : tensors) check_same_type(tensors.front(), tensor, collective);
  return std::ranges::all_of(
      tensors, [&](const at::Tensor& tensor) { return tensor.numel() == tensors.front().numel(); });
}

SplitLayout::SplitLayout(const at::Tensor& tensor, const std::vector<int64_t>& splits, int size) {
  const int64_t rows = tensor.dim() == 0 ? 1 : tensor.size(0);
  std::vector<int64_t> parts = splits;
  if (parts.empty()) {
    TORCH_CHECK_VALUE(rows % size == 0, "all_to_all_single: the first dimension (", rows,
                      ") does not divide by ", size, " ranks: give split sizes");
    parts.assign(size, rows / size);
  }
  TORCH_CHECK_VALUE(static_cast<int>(parts.size()) == size &&
                        std::accumulate(parts.begin(), parts.end(), int64_t{0}) == rows &&
                        std::ranges::all_of(parts, [](int64_t part) { return part >= 0; }),
                    "all_to_all_single: the split sizes ", c10::IntArrayRef(parts),
                    " do not divide ", rows, " rows among ", size, " ranks");
  const int64_t row = rows == 0 ? 0 : tensor.numel() / rows;
  uint64_t begin = 0;
  for (const int64_t part : parts) {
    counts.push_back(part * row);
    offsets.push_back(begin);
    begin += counts.back();
  }
}

SplitLayout::SplitLayout(const Tensors& parts) {
  uint64_t begin = 0;
  for (const at::Tensor& part : parts) {
    counts.push_back(part.numel());
    offsets.push_back(begin);
    begin += counts.back();
  }
}

}  // namespace c10d_npu
