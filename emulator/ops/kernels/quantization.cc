#include "emulator/ops/functions/quantization.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/round.h>
#include <ATen/ops/where.h>

#include "emulator/ops/emulate.h"
#include "emulator/ops/kernels/operand.h"
#include "emulator/ops/kernels/scale_word.h"

namespace ascend_emulator {
namespace {

void check_type(const Tensor& out) {
  TORCH_CHECK(out.scalar_type() == at::kChar || out.scalar_type() == at::kByte ||
                  out.scalar_type() == at::kInt,
              "int8, uint8 and int32 are emulated, not ", out.scalar_type());
}

// Rounded (ties to even) and kept within what `out` holds.
void store(Tensor& out, const Tensor& values) {
  check_type(out);
  const bool is_byte = out.scalar_type() == at::kByte;
  const Tensor rounded = at::round(values);
  out.copy_(out.scalar_type() == at::kInt ? rounded
                                          : rounded.clamp(is_byte ? 0 : -128, is_byte ? 255 : 127));
}

// Of one element, or one for each entry of the dimension.
Tensor along(const Tensor& values, int64_t axis, const Tensor& like) {
  const Tensor flat = values.to(at::kFloat).flatten();
  if (flat.numel() == 1) return flat;
  std::vector<int64_t> shape(like.dim(), 1);
  shape[axis < 0 ? axis + like.dim() : axis] = flat.numel();
  return flat.reshape(shape);
}

Tensor turned(const Tensor& matrix, bool transposed) {
  return transposed ? matrix.transpose(-1, -2) : matrix;
}

// The scale of aclnnTransQuantParamV2 in the low half of a word: a float32 whose last 13 bits are
// cut off.
Tensor encoded(const Tensor& scale) {
  return scale.contiguous()
      .view(at::kInt)
      .to(at::kLong)
      .bitwise_and(0xFFFFE000LL)
      .bitwise_or(int64_t{1} << 46);
}
// Eight int4 numbers in a word, the first in the lowest bits.
Tensor packed(const Tensor& numbers) {
  const Tensor parts = numbers.to(at::kLong).unflatten(-1, {-1, 8}).bitwise_and(15);
  Tensor words = parts.select(-1, 0);
  for (int64_t i = 1; i < 8; ++i) {
    words = words.bitwise_or(parts.select(-1, i).bitwise_left_shift(4 * i));
  }
  return words.to(at::kInt);
}

Tensor int4_in(const Tensor& words) {
  const Tensor parts = words.unsqueeze(-1)
                           .bitwise_right_shift(at::arange(0, 32, 4, words.options()))
                           .bitwise_and(15);
  return at::where(parts > 7, parts - 16, parts).flatten(-2);
}

}  // namespace

EMULATE(aclnnAscendQuantV3, [](Tensor x, Tensor scale, OptionalTensor offset, bool root,
                               std::string_view rounding, int64_t, int64_t axis, Tensor y) {
  TORCH_CHECK(rounding == "round" || rounding.empty(), "roundMode round is emulated, not ",
              rounding);
  const Tensor factor = along(scale, axis, x);
  Tensor values = wide(x) * factor;
  if (root) values = values * factor;
  store(y, offset ? values + along(*offset, axis, x) : values);
})
EMULATE(aclnnQuantize, [](Tensor x, Tensor scales, OptionalTensor zero_points, ScalarType,
                          int64_t axis, Tensor out) {
  const Tensor values = at::round(wide(x) / along(scales, axis, x));
  store(out, zero_points ? values + along(*zero_points, axis, x) : values);
})
EMULATE(aclnnDynamicQuant, [](Tensor x, OptionalTensor smooth, Tensor y, Tensor scale) {
  check_type(y);
  const Tensor values = smooth ? wide(x) * wide(*smooth) : wide(x);
  const Tensor step = values.abs().amax(-1, /*keepdim=*/true) / 127;
  scale.copy_(step.squeeze(-1));
  store(y, (values / step).masked_fill(step == 0, 0));
})
EMULATE(aclnnAscendAntiQuant,
        [](Tensor x, Tensor scale, OptionalTensor offset, int64_t, bool root, Tensor y) {
          // An int32 holds eight int4 numbers.
          Tensor values = (x.scalar_type() == at::kInt ? int4_in(x) : x).to(at::kFloat);
          if (offset) values = values + wide(*offset);
          values = values * wide(scale);
          y.copy_(root ? values * wide(scale) : values);
        })
EMULATE(aclnnTransQuantParamV2,
        [](Tensor scale, OptionalTensor, Tensor out) { out.view(at::kLong).copy_(encoded(scale)); })

EMULATE(aclnnQuantMatmulV5, [](Tensor x1, Tensor x2, OptionalTensor x1_scale, Tensor x2_scale,
                               OptionalTensor, OptionalTensor, OptionalTensor offset,
                               OptionalTensor, OptionalTensor bias, bool transposed1,
                               bool transposed2, int64_t, Tensor out) {
  TORCH_CHECK(x1.scalar_type() == at::kChar && x2.scalar_type() == at::kChar,
              "int8 is emulated, not ", x1.scalar_type(), " and ", x2.scalar_type());
  // Exact, as the hardware's int32 sums are.
  Tensor sums =
      at::matmul(turned(x1.to(at::kDouble), transposed1), turned(x2.to(at::kDouble), transposed2));
  const bool early = bias && bias->scalar_type() == at::kInt;
  if (early) sums = sums + *bias;
  Tensor values = sums.to(at::kFloat) * decoded_scale(x2_scale);
  if (x1_scale) values = values * x1_scale->unsqueeze(-1);
  if (offset) values = values + wide(*offset);
  if (bias && !early) values = values + wide(*bias);
  if (c10::isIntegralType(out.scalar_type(), false)) return store(out, values);
  out.copy_(values);
})
EMULATE(aclnnWeightQuantBatchMatmulV2,
        [](Tensor x, Tensor weight, Tensor scale, OptionalTensor offset, OptionalTensor quant_scale,
           OptionalTensor, OptionalTensor bias, int64_t group_size, Tensor y) {
          TORCH_CHECK(weight.scalar_type() == at::kChar && !quant_scale,
                      "emulated is an int8 weight without quantScaleOptional.");
          Tensor matrix = weight.to(at::kFloat);
          if (group_size > 0) matrix = matrix.unflatten(0, {-1, group_size});
          const auto grouped = [&](const Tensor& values) {
            return group_size > 0 ? wide(values).unsqueeze(1) : wide(values);
          };
          if (offset) matrix = matrix + grouped(*offset);
          matrix = matrix * grouped(scale);
          if (group_size > 0) matrix = matrix.flatten(0, 1);
          const Tensor result = at::matmul(wide(x), matrix);
          y.copy_(bias ? result + wide(*bias) : result);
        })
EMULATE(aclnnTransposeBatchMatMul,
        [](Tensor x1, Tensor x2, OptionalTensor bias, OptionalTensor scale, IntArray perm1,
           IntArray perm2, IntArray perm_out, int64_t, int64_t split, Tensor out) {
          TORCH_CHECK(!scale && split == 1, "scale and batchSplitFactor are not emulated.");
          Tensor result = at::bmm(wide(x1).permute(perm1), wide(x2).permute(perm2));
          if (bias) result = result + wide(*bias).unsqueeze(1);
          out.copy_(result.permute(perm_out));
        })
EMULATE(aclnnConvertWeightToINT4Pack,
        [](Tensor weight, Tensor words) { words.copy_(packed(weight)); })

EMULATE(aclnnDynamicBlockQuant, [](Tensor x, double min_scale, std::string_view rounding, int64_t,
                                   int64_t rows, int64_t columns, Tensor y, Tensor scale) {
  TORCH_CHECK(rounding == "rint" && rows == 1, "roundMode rint and rowBlockSize 1 are emulated.");
  check_type(y);
  const Tensor padded = at::constant_pad_nd(wide(x), {0, scale.size(-1) * columns - x.size(-1)})
                            .unflatten(-1, {-1, columns});
  Tensor step = padded.abs().amax(-1) / 127;
  if (min_scale > 0) step = step.clamp_max(1 / min_scale);
  scale.copy_(step);
  const Tensor each = step.repeat_interleave(columns, -1).slice(-1, 0, x.size(-1));
  store(y, (wide(x) / each).masked_fill(each == 0, 0));
})
EMULATE(aclnnFlatQuant,
        [](Tensor x, Tensor p1, Tensor p2, double clip, Tensor out, Tensor quant_scale) {
          TORCH_CHECK(out.scalar_type() == at::kInt, "int4 in words of int32 is emulated.");
          const Tensor values = at::matmul(wide(p1), at::matmul(wide(x), wide(p2)));
          const Tensor step = values.abs().amax({1, 2}) * (clip / 7);
          quant_scale.copy_(step);
          const Tensor each = step.reshape({-1, 1, 1});
          out.copy_(packed(at::round((values / each).masked_fill(each == 0, 0)).clamp(-8, 7)));
        })

}  // namespace ascend_emulator
