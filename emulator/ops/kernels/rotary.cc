#include "emulator/ops/functions/rotary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>

#include "emulator/ops/kernels/operand.h"

// Rotary position embeddings: x * cos + rotated(x) * sin.
namespace ascend_emulator {
namespace {

enum class Mode { kHalf, kInterleave, kQuarter };

Mode mode_of(int64_t number) {
  TORCH_CHECK(number == 0 || number == 1, "mode is ", number,
              "; 0 (half) and 1 (interleave) are emulated.");
  return number == 0 ? Mode::kHalf : Mode::kInterleave;
}

Mode mode_of(std::string_view name) {
  TORCH_CHECK(name == "half" || name == "interleave" || name == "quarter", "rotaryMode is ", name,
              "; it must be half, interleave or quarter.");
  return name == "half" ? Mode::kHalf : name == "interleave" ? Mode::kInterleave : Mode::kQuarter;
}

Tensor rotated_by_halves(const Tensor& x) {
  const auto parts = x.chunk(2, -1);
  return at::cat({-parts[1], parts[0]}, -1);
}

Tensor rotated(const Tensor& x, Mode mode) {
  if (mode == Mode::kHalf) return rotated_by_halves(x);
  if (mode == Mode::kInterleave) {
    const auto parts = x.unflatten(-1, {-1, 2}).unbind(-1);
    return at::stack({-parts[1], parts[0]}, -1).flatten(-2);
  }
  const auto parts = x.chunk(2, -1);
  return at::cat({rotated_by_halves(parts[0]), rotated_by_halves(parts[1])}, -1);
}

// The transposed matrix of rotated(): a quarter turn back.
Tensor turned_back(const Tensor& x, Mode mode) { return -rotated(x, mode); }

Tensor embedded(const Tensor& x, const Tensor& cos, const Tensor& sin, Mode mode) {
  const Tensor values = wide(x);
  return values * wide(cos) + rotated(values, mode) * wide(sin);
}

// [tokens, heads * size] with cos and sin [tokens, 1, depth / 2] on the first `depth` of each head.
Tensor embedded_heads(const Tensor& x, const Tensor& cos, const Tensor& sin, int64_t head_size,
                      bool by_halves) {
  const Tensor heads = wide(x).unflatten(-1, {-1, head_size});
  const int64_t depth = 2 * cos.size(-1);
  const Tensor part = heads.slice(-1, 0, depth);
  const auto pair = by_halves ? part.chunk(2, -1) : part.unflatten(-1, {-1, 2}).unbind(-1);
  const Tensor first = pair[0] * cos - pair[1] * sin, second = pair[1] * cos + pair[0] * sin;
  const Tensor turned =
      by_halves ? at::cat({first, second}, -1) : at::stack({first, second}, -1).flatten(-2);
  return at::cat({turned, heads.slice(-1, depth)}, -1).flatten(-2);
}

}  // namespace

EMULATE(aclnnRotaryPositionEmbedding,
        [](Tensor x, Tensor cos, Tensor sin, int64_t mode, Tensor out) {
          out.copy_(embedded(x, cos, sin, mode_of(mode)));
        })
EMULATE(aclnnRotaryPositionEmbeddingGrad,
        [](Tensor grad, Tensor cos, Tensor sin, OptionalTensor x, int64_t number, Tensor of_x,
           OptionalTensor of_cos, OptionalTensor of_sin) {
          const Mode mode = mode_of(number);
          const Tensor values = wide(grad);
          of_x.copy_(values * wide(cos) + turned_back(values * wide(sin), mode));
          if (!x) return;
          if (of_cos) of_cos->copy_((values * wide(*x)).sum_to_size(of_cos->sizes()));
          if (of_sin)
            of_sin->copy_((values * rotated(wide(*x), mode)).sum_to_size(of_sin->sizes()));
        })
EMULATE(aclnnApplyRotaryPosEmbV2,
        [](Tensor query, Tensor key, Tensor cos, Tensor sin, int64_t, std::string_view mode) {
          query.copy_(embedded(query, cos, sin, mode_of(mode)));
          key.copy_(embedded(key, cos, sin, mode_of(mode)));
        })
EMULATE(aclnnInterleaveRope, [](Tensor x, Tensor cos, Tensor sin, Tensor out) {
  const Tensor sorted = wide(x).unflatten(-1, {-1, 2}).transpose(-1, -2).flatten(-2);
  out.copy_(embedded(sorted, cos, sin, Mode::kHalf));
})
EMULATE(aclnnRopeWithSinCosCache,
        [](Tensor positions, Tensor query, Tensor key, Tensor cache, IntArray section,
           int64_t head_size, bool by_halves, Tensor query_out, Tensor key_out) {
          const Tensor found = wide(cache).index_select(0, positions.flatten().to(at::kLong));
          Tensor pair = found.reshape({positions.numel(), 2, -1});
          if (positions.dim() == 2) {
            // Each of the three position ids serves its section of the depth.
            const Tensor ids = pair.reshape({positions.size(0), positions.size(1), 2, -1});
            std::vector<Tensor> parts;
            int64_t begin = 0;
            for (size_t i = 0; i < section.size(); begin += section[i], ++i) {
              parts.push_back(ids.select(0, i).slice(-1, begin, begin + section[i]));
            }
            pair = at::cat(parts, -1);
          }
          const Tensor cos = pair.select(1, 0).unsqueeze(1), sin = pair.select(1, 1).unsqueeze(1);
          query_out.copy_(embedded_heads(query, cos, sin, head_size, by_halves));
          key_out.copy_(embedded_heads(key, cos, sin, head_size, by_halves));
        })

}  // namespace ascend_emulator
