#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

// What HCCL takes, checked before anything is launched. Each throws with the collective's name.
namespace c10d_npu {

using Tensors = std::vector<at::Tensor>;

// Dense and contiguous, on an npu.
void check_tensor(const at::Tensor& tensor, const char* collective);
// Not empty, and all of one device.
void check_list(const Tensors& tensors, const char* collective);
void check_same_type(const at::Tensor& a, const at::Tensor& b, const char* collective);
void check_rank(int64_t rank, int size, const char* collective);

// The list's only tensor.
at::Tensor single(const Tensors& tensors, const char* collective);

// Each large tensor has `size` times the elements of its small one, and the same dtype.
void check_pairs(const Tensors& large, const Tensors& small, int size, const char* collective);

// One tensor per rank, of one dtype and device; whether all have one size.
bool check_per_rank(const Tensors& tensors, int size, const char* collective);

// How an all-to-all divides a tensor among the ranks: elements and where they begin. No splits: in
// equal parts.
struct SplitLayout {
  SplitLayout(const at::Tensor& tensor, const std::vector<int64_t>& splits, int size);
  // Of tensors that lie one after the other.
  explicit SplitLayout(const Tensors& parts);

  std::vector<uint64_t> counts;
  std::vector<uint64_t> offsets;
};

}  // namespace c10d_npu
