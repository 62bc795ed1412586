#pragma once

#include "emulator/ops/kernels/attention_math.h"

// Attention of training, forward and backward.
namespace ascend_emulator {

// How the position shift comes to the scores (pseType).
enum class ShiftType : int64_t {
  kAfterScale = 0,    // scale * QK + shift
  kBeforeScale = 1,   // scale * (QK + shift)
  kDistance = 2,      // scale * QK - slope * |key - query|
  kRootDistance = 3,  // scale * QK - slope * sqrt(|key - query|)
};

struct AttentionPart;
class AttentionLayout;

// All versions of the functions fill one of these.
struct Attention {
  Tensor query, key, value;
  OptionalTensor shift, drop_bits, mask;
  double scale, keep;
  int64_t before, after, heads;
  std::string_view layout_name;
  int64_t sparse_mode;
  OptionalIntArray query_ends = {}, key_ends = {};
  int64_t shift_type = static_cast<int64_t>(ShiftType::kBeforeScale);
  OptionalIntArray query_start = {}, key_start = {};  // places of the first query and key
  OptionalTensor query_rope = {}, key_rope = {}, sink = {};

  void forward(Tensor& maximum, Tensor& sum, Tensor& out) const;

  struct Outputs {
    Tensor query, key, value;
    OptionalTensor shift, query_rope = {}, key_rope = {}, sink = {};
  };
  // From what the forward found.
  void backward(const Tensor& grad, const OptionalTensor& maximum, const OptionalTensor& sum,
                Outputs out) const;

 private:
  AttentionLayout layout() const;
  Tensor queries(const AttentionLayout& layout, const AttentionPart& part) const;
  Tensor keys(const AttentionLayout& layout, const AttentionPart& part) const;
  OptionalTensor shift_of(const AttentionPart& part, int64_t rows, int64_t columns) const;
  Masking masking(const AttentionPart& part) const;
  Tensor dropout(const AttentionPart& part, const Tensor& like) const;
};

}  // namespace ascend_emulator
