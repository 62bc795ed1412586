#pragma once

#include "csrc/aten/vendor/Rules.h"

// Rotary position embeddings.
namespace at_npu::vendor {

// aclnnRotaryPositionEmbedding: 0 half, 1 interleave.
int64_t rotary_mode(const char* op, std::string_view mode);
// aclnnApplyRotaryPosEmbV2: 1 BSND, 2 SBND, 3 BNSD.
int64_t rotary_layout(const char* op, std::string_view layout);

// `cos` and `sin` spread over `tensor` in its last but one dimensions.
template <class T>
void check_rotary(const char* op, const T& tensor, const T& cos, const T& sin) {
  TORCH_CHECK(tensor.dim() >= 2 && tensor.size(-1) % 2 == 0, op,
              ": the input must have at least 2 dimensions, the last of even size, got shape ",
              tensor.sizes());
  check_dim(op, "cos", cos, tensor.dim(), tensor.dim());
  check_alike(op, "sin", sin, "cos", cos);
  check_same_dtype(op, "cos", cos, "the input", tensor);
  for (int64_t i = 0; i < tensor.dim(); ++i) {
    TORCH_CHECK(cos.size(i) == tensor.size(i) || (cos.size(i) == 1 && i < tensor.dim() - 1), op,
                ": cos and sin must have the sizes of the input ", tensor.sizes(),
                " or 1 in all but the last dimension, got ", cos.sizes());
  }
}

template <class T>
void check_no_rotate(const char* op, const std::optional<T>& rotate) {
  TORCH_CHECK_NOT_IMPLEMENTED(!is_given(rotate), op,
                              ": a matrix `rotate` is not supported. Leave it out.");
}

template <class T>
void check_interleave_rope(const T& x, const T& cos, const T& sin) {
  check_dim("npu_interleave_rope", "x", x, 4, 4);
  check_rotary("npu_interleave_rope", x, cos, sin);
}

// Zeros: one position id serves the whole depth.
std::array<int64_t, 3> section_or_zeros(at::OptionalIntArrayRef section);

// positions [tokens] or [3, tokens]; query and key [tokens, heads * head_size].
template <class T>
void check_mrope(const T& positions, const T& query, const T& key, const T& cache,
                 int64_t head_size, at::OptionalIntArrayRef section) {
  constexpr char op[] = "npu_mrope";
  const bool multi = section.has_value() && section->size() == 3 && (*section)[0] != 0;
  check_dim(op, "positions", positions, multi ? 2 : 1, multi ? 2 : 1);
  TORCH_CHECK(!multi || positions.size(0) == 3, op,
              ": positions must have shape [3, tokens] with an mrope_section, got ",
              positions.sizes());
  for (const auto& [name, tensor] : {std::pair("query", query), std::pair("key", key)}) {
    check_dim(op, name, tensor, 2, 2);
    TORCH_CHECK(tensor.size(0) == positions.size(-1) && tensor.size(1) % head_size == 0, op, ": ",
                name, " must have shape [", positions.size(-1), " tokens, heads * ", head_size,
                "], got ", tensor.sizes());
  }
  check_dim(op, "cos_sin_cache", cache, 2, 2);
  TORCH_CHECK(cache.size(1) <= head_size && cache.size(1) % 2 == 0, op,
              ": cos_sin_cache must have shape [positions, even size <= head_size ", head_size,
              "], got ", cache.sizes());
}

}  // namespace at_npu::vendor
