"""Cases of quantisation and of products of quantised matrices."""

import torch
from vendor_case import HALVES, Case, Fixed, integers, seeded

LIMITS = {torch.int8: (-128, 127), torch.uint8: (0, 255), torch.int32: (-(2**31), 2**31 - 1)}


def stored(values, dtype):
    return values.round().clamp(*LIMITS[dtype]).to(dtype)


def quantize(x, scales, zero_points, dtype, axis=1, div_mode=True):
    shape = [1] * x.dim()
    shape[axis] = -1
    scales = scales.reshape(shape)
    zeros = 0 if zero_points is None else zero_points.reshape(shape).float()
    values = (x / scales).round() + zeros if div_mode else x * scales + zeros
    return stored(values, {torch.qint8: torch.int8}.get(dtype, dtype))


def dynamic_quant(x, *, smooth_scales=None):
    x = x if smooth_scales is None else x * smooth_scales
    scale = x.abs().amax(-1) / 127
    return (x / scale.unsqueeze(-1)).round().to(torch.int8), scale


def decoded(scale):
    return (
        scale.view(torch.int32)[..., ::2].contiguous().view(torch.float32)
        if scale.dtype == torch.int64
        else scale.float()
    )


def quant_matmul(x1, x2, scale, *, offset=None, pertoken_scale=None, bias=None, output_dtype=None):
    out = (x1.double() @ x2.double()).float() * decoded(scale)
    if pertoken_scale is not None:
        out = out * pertoken_scale.unsqueeze(-1)
    out = out + (0 if offset is None else offset) + (0 if bias is None else bias)
    return stored(out, torch.int8) if output_dtype is None else out


def trans_quant(scale):
    return (scale.view(torch.int32).long() & 0xFFFFE000) | 1 << 46


def weight_quant(x, weight, scale, offset=None, _=None, __=None, bias=None, group=0):
    rows = (lambda t: t.repeat_interleave(group, 0)) if group else lambda t: t
    matrix = (weight.float() + (0 if offset is None else rows(offset))) * rows(scale)
    return x @ matrix + (0 if bias is None else bias)


def anti_quant(x, scale, *, offset=None, dst_dtype=None):
    if x.dtype == torch.int32:
        x = (x.unsqueeze(-1) >> torch.arange(0, 32, 4) & 15).flatten(-2)
        x = torch.where(x > 7, x - 16, x)
    return (x.float() + (0 if offset is None else offset.float())) * scale.float()


def int4pack(weight, inner_k_tiles=0):
    parts = (weight.long() & 15).unflatten(-1, (-1, 8))
    return (parts << torch.arange(0, 32, 4)).sum(-1).to(torch.int32)


def transposed_matmul(x, weight, *, perm_x1=(0, 1, 2), perm_x2=(0, 1, 2), perm_y=(1, 0, 2)):
    return (x.permute(perm_x1) @ weight.permute(perm_x2)).permute(perm_y)


def block_quant(x, *, min_scale=0.0):
    count = -(-x.shape[-1] // 128)
    blocks = torch.nn.functional.pad(x, (0, count * 128 - x.shape[-1])).unflatten(-1, (-1, 128))
    scale = blocks.abs().amax(-1) / 127
    if min_scale:
        scale = scale.clamp(max=1 / min_scale)
    out = blocks / scale.unsqueeze(-1).clamp(min=1e-30)
    return stored(out, torch.int8).flatten(-2)[..., : x.shape[-1]], scale


def kronecker(x, p1, p2, clip_ratio=1.0):
    out = torch.einsum("ij,bjk,kl->bil", p1, x, p2)
    scale = out.abs().amax((1, 2)) * clip_ratio / 7
    return int4pack((out / scale[:, None, None]).round().clamp(-8, 7)), scale


X = seeded(4, 6)
A, W = integers(-9, 9, (2, 4, 6), torch.int8), integers(-9, 9, (6, 5), torch.int8, seed=1)
# Powers of two: rounding to bytes meets no ties that float16 would break otherwise.
STEPS = torch.tensor([0.5, 0.25, 1.0, 0.125, 0.5, 2.0])
SCALE = torch.tensor([0.5, 0.25, 1.0, 0.125, 2.0])

CASES = [
    Case("npu_quantize", (X, STEPS, Fixed(integers(-5, 5, (6,), torch.int32)), torch.int32),
        quantize),
    Case("npu_quantize", (X, STEPS, Fixed(integers(-5, 5, (6,), torch.int8)), torch.qint8),
        quantize, note="qint8"),
    Case("npu_quantize", (X, STEPS, None, torch.int8, -1, False), quantize, note="multiplied"),
    Case("npu_dynamic_quant", (seeded(2, 3, 8),), dynamic_quant, dtypes=(torch.float16,),
        tolerance=0.1),
    Case("npu_dynamic_quant", (seeded(2, 3, 8),), dynamic_quant,
        {"smooth_scales": torch.ones(8) / 2}, dtypes=(torch.float16,), note="smooth",
        tolerance=0.1),
    Case("npu_quant_matmul", (A, W, Fixed(SCALE)), quant_matmul, dtypes=(torch.float32,)),
    Case("npu_quant_matmul", (A, W, Fixed(trans_quant(SCALE))), quant_matmul,
        {"output_dtype": torch.float16}, dtypes=(torch.float16,), note="words"),
    Case("npu_quant_matmul", (A, W, Fixed(SCALE)), quant_matmul,
        {"pertoken_scale": Fixed(seeded(4).abs()), "bias": Fixed(seeded(5)),
        "output_dtype": torch.float16}, dtypes=(torch.float16,), note="rows"),
    Case("npu_trans_quant_param", (Fixed(seeded(5).abs()),), trans_quant, dtypes=(torch.float32,)),
    Case("npu_weight_quant_batchmatmul", (X, W, seeded(5)), weight_quant, dtypes=HALVES,
        tolerance=10),
    Case("npu_weight_quant_batchmatmul", (X, W, seeded(2, 5), seeded(2, 5, seed=1), None, None,
        Fixed(seeded(5)), 3), weight_quant, dtypes=(torch.float16,), note="groups", tolerance=10),
    Case("npu_anti_quant", (A, Fixed(seeded(6))), anti_quant, {"offset": Fixed(seeded(6, seed=1))},
        dtypes=(torch.float16,), tolerance=3),
    Case("npu_anti_quant", (A, Fixed(seeded(1))), anti_quant, {"dst_dtype": torch.bfloat16},
        dtypes=(torch.bfloat16,), note="bfloat16"),
    Case("npu_anti_quant", (integers(-(2**31), 2**31 - 1, (3, 2), torch.int32), Fixed(seeded(16))),
        anti_quant, dtypes=(torch.float16,), note="int4", tolerance=3),
    Case("npu_convert_weight_to_int4pack", (integers(-8, 8, (3, 16), torch.int32),), int4pack,
        dtypes=(torch.float32,)),
    Case("npu_dynamic_block_quant", (seeded(3, 200),), block_quant, dtypes=(torch.float16,),
        tolerance=0.1),
    Case("npu_dynamic_block_quant", (seeded(2, 3, 128),), block_quant, {"min_scale": 80.0},
        dtypes=(torch.float32,), note="limit", tolerance=10),
    Case("npu_kronecker_quant", (integers(-4, 5, (3, 4, 8), torch.float32), torch.eye(4).flip(0),
        torch.eye(8).roll(1, 0)), kronecker, dtypes=HALVES, tolerance=0.2),
    Case("npu_kronecker_quant", (integers(-4, 5, (3, 4, 8), torch.float32), torch.eye(4).roll(1, 0),
        2 * torch.eye(8), 0.5), kronecker, dtypes=HALVES, note="clipped", tolerance=0.2),
    Case("npu_transpose_batchmatmul", (seeded(3, 2, 4), seeded(2, 4, 5)), transposed_matmul,
        {"perm_x1": [1, 0, 2]}, tolerance=3),
    Case("npu_transpose_batchmatmul", (seeded(2, 3, 4), seeded(2, 5, 4)), transposed_matmul,
        {"perm_x2": [0, 2, 1]}, note="transposed", tolerance=3),
]  # fmt: skip
