"""Samples of the functions behind Ascend's own operators, by the references of tests/aten."""

import torch
import vendor_attention as attention
import vendor_caches as caches
import vendor_dense as dense
import vendor_experts as experts
import vendor_quantized as quantized
import vendor_routing_map as mapped
from sample import Out, in_out, seeded

X, G = dense.X, dense.G
ROWS, SHIFT, GAMMA = dense.ROWS, dense.SHIFT, dense.GAMMA
HALF = torch.float16
LOOSE = 1e-3


def outs(values, tolerance: float = 1e-4) -> list[Out]:
    values = values if isinstance(values, tuple | list) else (values,)
    return [Out(value.contiguous(), tolerance) for value in values]


ACTIVATION = [
    ("aclnnSwiGlu", [X, -1, *outs(dense.swiglu(X))]),
    ("aclnnSwiGluGrad", [G, X, -1, *outs(dense.gradient_of(dense.swiglu)(G, X))]),
    ("aclnnGeGluV3", [X, -1, 1, False, *outs(dense.geglu(X))]),
    ("aclnnGeGluV3Backward", [G, X, dense.geglu(X)[1], -1, 1, False,
        *outs(dense.gradient_of(dense.geglu)(G, X))]),
    ("aclnnFastGelu", [X, *outs(dense.fast_gelu(X))]),
    ("aclnnFastGeluBackward", [X + 1, X, *outs(dense.gradient_of(dense.fast_gelu)(X + 1, X))]),
    ("aclnnClippedSwiglu", [5 * X, None, -1, 1.702, 7.0, 1.0, True,
        *outs(dense.clipped_swiglu(5 * X))]),
]  # fmt: skip

MASK, SCORES = dense.MASK, dense.SCORES
SOFTMAX = dense.masked_softmax(SCORES, MASK, 0.5)
LOGITS, TARGET, WEIGHT = dense.LOGITS, dense.TARGET, dense.WEIGHT
LOSS = dense.cross_entropy(LOGITS, TARGET, WEIGHT, label_smoothing=0.1)
NORMALIZATION = [
    ("aclnnAddRmsNorm", [ROWS, SHIFT, GAMMA, 1e-6, *outs(dense.add_rms_norm(ROWS, SHIFT, GAMMA))]),
    ("aclnnScaledMaskedSoftmax", [SCORES, MASK, 0.5, False, *outs(SOFTMAX)]),
    ("aclnnScaledMaskedSoftmaxBackward", [SCORES, SOFTMAX, MASK, 0.5, False,
        *outs(dense.masked_softmax_backward(SCORES, SOFTMAX, MASK, 0.5, False))]),
    ("aclnnCrossEntropyLoss", [LOGITS, TARGET, WEIGHT, "mean", -100, 0.1, 0.0, False,
        *outs((*LOSS[:2], torch.zeros(1), LOGITS.logsumexp(-1)))]),
    ("aclnnCrossEntropyLossGrad", [torch.ones(1), LOSS[1], TARGET, WEIGHT, None, None, "mean",
        -100, 0.1, 0.0, *outs(dense.cross_entropy_backward(torch.ones(1), LOSS[1], TARGET, WEIGHT,
        label_smoothing=0.1))]),
]  # fmt: skip

HEADS, KEYS, COS, SIN = dense.HEADS, dense.KEYS, dense.COS, dense.SIN
HALVES = [t.to(HALF) for t in (HEADS, COS, SIN)]
POSITIONS, QUERY, KEY = torch.tensor([3, 0, 6]), seeded(3, 16), seeded(3, 8)
ROTARY = [
    ("aclnnRotaryPositionEmbedding", [HEADS, COS, SIN, 1, *outs(dense.rotary(HEADS, COS, SIN,
        "interleave"))]),
    ("aclnnRotaryPositionEmbeddingGrad", [HEADS + 1, COS, SIN, HEADS, 0,
        *outs(dense.rotary_backward(HEADS + 1, HEADS, COS, SIN))]),
    ("aclnnApplyRotaryPosEmbV2", [in_out(HEADS, dense.rotary(HEADS, COS, SIN)), in_out(KEYS,
        dense.rotary(KEYS, COS, SIN)), COS, SIN, 1, "half"]),
    ("aclnnInterleaveRope", [*HALVES, *outs(dense.interleave_rope(*HALVES), LOOSE * 10)]),
    ("aclnnRopeWithSinCosCache", [POSITIONS, QUERY, KEY, dense.TABLE, [0, 0, 0], 8, True,
        *outs(dense.mrope(POSITIONS, QUERY, KEY, dense.TABLE, 8))]),
]  # fmt: skip

N, S = attention.N, attention.S
FULL = 2**31 - 1
T_Q, T_K, ENDS = attention.T_Q, attention.T_K, attention.ENDS
PACKED = attention.packed(T_Q, T_K, T_K, N, "TND", scale=0.5, **ENDS)
_LENGTHS = [ENDS["actual_seq_qlen"], ENDS["actual_seq_kvlen"]]
_MODES = [0.5, 1.0, FULL, FULL, N, "TND", 0, 0]


def _packed_gradients(grad):
    values = [t.detach().requires_grad_() for t in (T_Q, T_K, T_K)]
    out = attention.packed(*values, N, "TND", scale=0.5, **ENDS)[0]
    return torch.autograd.grad(out, values, grad)


Q, K, V = (t.to(HALF) for t in (attention.Q, attention.KEY, attention.V))
INFER = attention.fused(Q.float(), K.float(), V.float(), num_heads=N, scale=0.5,
    input_layout="BNSD", num_key_value_heads=2, softmax_lse_flag=True)  # fmt: skip
ONE = attention.ONE.to(HALF)
LSE, PARTS = [seeded(4), seeded(4, seed=1)], [seeded(4, 8), seeded(4, 8, seed=1)]
CACHES, NEW = caches.CACHES, (seeded(3, 2, 16), seeded(3, 2, 16, seed=3))
GATHERED = [c[t.long()].flatten(0, 1)[:n] for c in CACHES for t, n in ((caches.TABLES[0], 5),)]


def _scattered():
    changed = [cache.clone() for cache in CACHES]
    caches.scatter_cache(*NEW, *changed, caches.SLOTS, cache_mode="Norm")
    return [in_out(*pair) for pair in zip(CACHES, changed, strict=True)]


def _infer(out, lse=None):
    return [Out(out.to(HALF), 5e-3), *([] if lse is None else [Out(lse, 5e-3)])]


ATTENTION = [
    ("aclnnFlashAttentionVarLenScore", [T_Q, T_K, T_K, None, None, None, None, None, *_LENGTHS,
        *_MODES, *outs((PACKED[1], PACKED[2])), None, *outs(PACKED[0])]),
    ("aclnnFlashAttentionUnpaddingScoreGrad", [T_Q, T_K, T_K, T_Q + 1, None, None, None, None,
        PACKED[1].contiguous(), PACKED[2].contiguous(), None, PACKED[0], None, *_LENGTHS, *_MODES,
        *outs(_packed_gradients(T_Q + 1)), None]),
    ("aclnnPromptFlashAttentionV3", [Q, K, V, None, None, None, None, *[None] * 5, N, 0.5, FULL,
        FULL, "BNSD", 2, 0, 1, *_infer(INFER[0])]),
    ("aclnnIncreFlashAttentionV4", [ONE, [K], [V], None, None, [5, 2], *[None] * 9, N, 0.5, "BNSD",
        2, 0, 1, *_infer(attention.decode(ONE.float(), K.float(), V.float(), num_heads=N,
        input_layout="BNSD", scale_value=0.5, actual_seq_lengths=[5, 2]))]),
    ("aclnnFusedInferAttentionScoreV3", [Q, [K], [V], *[None] * 20, None, *[None] * 3, N, 0.5,
        FULL, FULL, "BNSD", 2, 0, 0, 0, 0, True, 0, 0, *_infer(*INFER)]),
    ("aclnnFusedInferAttentionScoreV4", [Q, [K], [V], *[None] * 20, None, *[None] * 5, N, 0.5,
        FULL, FULL, "BNSD", 2, 0, 0, 0, 0, True, 0, 0, 0, *_infer(*INFER)]),
    ("aclnnScatterPaKvCache", [NEW[0], _scattered()[0], caches.SLOTS, NEW[1], _scattered()[1],
        None, None, None, "Norm", "None", [1, 1], [0, 0]]),
    ("aclnnGatherPaKvCache", [*CACHES, caches.TABLES[:1].clone(), torch.tensor([5],
        dtype=torch.int32), *[in_out(torch.zeros(5, 2, 16), part) for part in GATHERED], None,
        "Norm", False]),
    ("aclnnAttentionUpdate", [LSE, PARTS, 1, *outs(caches.update(LSE, PARTS, 1))]),
]  # fmt: skip

TOKENS, EXPERTS = experts.TOKENS, experts.EXPERTS
PERMUTED, PLACES, PROBS = experts.PERMUTED, experts.PLACES, seeded(4, 2)
ROUTED = experts.init_routing(TOKENS, EXPERTS, expert_num=4, expert_tokens_num_flag=True)
GRADS = experts.unpermute_grad(PERMUTED, TOKENS, PLACES, PROBS)
P, LIMITS = torch.tensor([0.3, 0.5, 0.7, 0.9, 1.0]), torch.tensor([1, 2, 8, 4, 3]).int()
SUMS = seeded(8, 5)
FINALIZE = [seeded(8, 6), experts.ORDER, TOKENS, TOKENS + 1, seeded(4, 6, seed=3), PROBS, EXPERTS]
MOE = [
    ("aclnnMoeGatingTopK", [experts.SCORES, None, 3, 1, 1, 0, 0, 0, True, 1.0, 1e-20,
        *outs(experts.gating(experts.SCORES, 3, out_flag=True))]),
    ("aclnnMoeGatingTopKSoftmax", [experts.SCORES, None, 2,
        *outs(experts.gating_softmax(experts.SCORES, None, 2))]),
    ("aclnnMoeInitRoutingV3", [TOKENS, EXPERTS, None, None, -1, -1, 4, 0, 0, True, -1, [0, 4], 0,
        *outs((*ROUTED[:2], ROUTED[2])), None]),
    ("aclnnMoeTokenPermute", [TOKENS, EXPERTS, 0, False, *outs((PERMUTED, PLACES))]),
    ("aclnnMoeTokenPermuteGrad", [PERMUTED + 1, PLACES, 2, False,
        *outs(experts.permute_grad(TOKENS, PERMUTED + 1, EXPERTS, PLACES))]),
    ("aclnnMoeTokenUnpermute", [PERMUTED, PLACES, PROBS, False, None,
        *outs(experts.unpermute(PERMUTED, PLACES, PROBS))]),
    ("aclnnMoeTokenUnpermuteGrad", [PERMUTED, TOKENS, PLACES, PROBS, False, None, *outs(GRADS)]),
    ("aclnnMoeFinalizeRoutingV2", [*FINALIZE, 0, *outs(experts.finalize(FINALIZE[0],
        *FINALIZE[2:6], FINALIZE[1], EXPERTS))]),
    ("aclnnGroupedMatmulV4", [[experts.ROWS], [experts.MATRICES], [seeded(3, 5)], *[None] * 5,
        experts.ENDS, *[None] * 3, 2, 0, 0, 0, outs(experts.grouped([experts.ROWS],
        [experts.MATRICES], bias=[seeded(3, 5)], group_list=experts.ENDS, group_type=0)), None,
        None]),
    ("aclnnGroupedMatmulAdd", [experts.ROWS.to(HALF), seeded(6, 5).to(HALF), torch.tensor([2, 6]),
        in_out(SUMS, experts.grouped_add(SUMS.clone(), experts.ROWS.to(HALF).float(), seeded(6,
        5).to(HALF).float(), torch.tensor([2, 6])), 1e-4), True, False, 2]),
    ("aclnnApplyTopKTopP", [experts.SCORES, P, LIMITS, *outs(experts.top_k_top_p(experts.SCORES, P,
        LIMITS))]),
]  # fmt: skip

A, W, SCALE, STEPS = quantized.A, quantized.W, quantized.SCALE, quantized.STEPS
VALUES = quantized.X
ZEROS = torch.tensor([1, -2, 3, 0, 4, -5], dtype=torch.int32)
NARROW = VALUES.to(HALF)
PACKED_IN = torch.arange(-8, 8, dtype=torch.int32).repeat(2, 1)
BATCHES = seeded(3, 2, 4), seeded(2, 4, 5)
QUANTIZATION = [
    ("aclnnAscendQuantV3", [VALUES, STEPS, ZEROS.float(), False, "round", 2, -1,
        *outs(quantized.quantize(VALUES, STEPS, ZEROS, torch.int8, -1, False))]),
    ("aclnnQuantize", [VALUES, STEPS, ZEROS, torch.int32, 1, *outs(quantized.quantize(VALUES,
        STEPS, ZEROS, torch.int32))]),
    ("aclnnDynamicQuant", [NARROW, None, *outs(quantized.dynamic_quant(NARROW.float()))]),
    ("aclnnAscendAntiQuant", [A, SCALE[:1].clone(), None, 1, False, *outs(quantized.anti_quant(A,
        SCALE[:1]).to(HALF), LOOSE)]),
    ("aclnnTransQuantParamV2", [SCALE, None, *outs(quantized.trans_quant(SCALE))]),
    ("aclnnQuantMatmulV5", [A, W, None, SCALE, *[None] * 5, False, False, 0,
        *outs(quantized.quant_matmul(A, W, SCALE))]),
    ("aclnnWeightQuantBatchMatmulV2", [NARROW, W, SCALE.to(HALF), None, None, None, None, 0,
        *outs(quantized.weight_quant(NARROW.float(), W, SCALE).to(HALF), 1e-2)]),
    ("aclnnTransposeBatchMatMul", [*BATCHES, None, None, [1, 0, 2], [0, 1, 2], [1, 0, 2], 0, 1,
        *outs(quantized.transposed_matmul(*BATCHES, perm_x1=(1, 0, 2)))]),
    ("aclnnConvertWeightToINT4Pack", [PACKED_IN, *outs(quantized.int4pack(PACKED_IN))]),
]  # fmt: skip


BLOCKS = seeded(3, 200).to(HALF)
MIXED = torch.randint(-4, 5, (3, 4, 8)).to(HALF)
P1, P2 = torch.eye(4).flip(0).to(HALF), torch.eye(8).roll(1, 0).to(HALF)
QUANTIZATION += [
    ("aclnnDynamicBlockQuant", [BLOCKS, 0.0, "rint", 2, 1, 128,
        *outs(quantized.block_quant(BLOCKS.float()))]),
    ("aclnnFlatQuant", [MIXED, P1, P2, 1.0, *outs(quantized.kronecker(*(t.float() for t in (MIXED,
        P1, P2))))]),
]  # fmt: skip

SWIGLU = [experts.BYTES, experts.BYTE_MATRICES_2, experts.ENDS, experts.SCALES, experts.ROW_SCALES]
SWIGLU_OUT = outs(experts.grouped_swiglu(*SWIGLU))
GROUPED = [
    ("aclnnGroupedMatmul", [[experts.ROWS], list(experts.MATRICES), list(seeded(3, 5)), *[None] * 4,
        [2, 2, 6], 3, outs(experts.grouped_list([experts.ROWS], list(experts.MATRICES),
        bias=seeded(3, 5), group_list=[2, 2, 6], split_item=3))]),
    *(
        (name, [SWIGLU[0], SWIGLU[1], None, None, *SWIGLU[3:], SWIGLU[2], *SWIGLU_OUT, None])
        for name in ("aclnnGroupedMatmulSwigluQuant", "aclnnGroupedMatmulSwigluQuantWeightNZ")
    ),
    *(
        (name, [SWIGLU[0], [SWIGLU[1]], [SWIGLU[3]], None, None, SWIGLU[4], None, SWIGLU[2], 0, 0,
            0, 0, None, *SWIGLU_OUT])
        for name in ("aclnnGroupedMatmulSwigluQuantV2", "aclnnGroupedMatmulSwigluQuantWeightNzV2")
    ),
]  # fmt: skip

MAP, MAP_PROBS, MAP_ROWS, MAP_PLACES = mapped.TWO, mapped.PROBS, mapped.ROWS, mapped.PLACES
MAP_GRAD, MAP_WEIGHTS = mapped.G, mapped.GP[:10].clone()
CHOICES = torch.arange(10).floor_divide(2).int()
ROUTING_MAP = [
    ("aclnnMoeTokenPermuteWithRoutingMap", [mapped.TOKENS, MAP, MAP_PROBS, 10, False,
        *outs(mapped.permute(mapped.TOKENS, MAP, probs=MAP_PROBS, num_out_tokens=10))]),
    ("aclnnMoeTokenPermuteWithRoutingMapGrad", [MAP_ROWS, MAP_WEIGHTS, MAP_PLACES, MAP, 4, 5, False,
        *outs(mapped.permute_backward(MAP_ROWS, MAP_WEIGHTS, MAP_PLACES, MAP, False))]),
    ("aclnnMoeTokenUnpermuteWithRoutingMap", [MAP_ROWS, MAP_PLACES, MAP, MAP_PROBS, False, [5, 6],
        *outs((mapped.unpermute(MAP_ROWS, MAP_PLACES, [5, 6], probs=MAP_PROBS,
        routing_map=MAP)[0], MAP_PLACES, CHOICES, mapped.sorted_probs(MAP_PROBS, MAP)))]),
    ("aclnnMoeTokenUnpermuteWithRoutingMapGrad", [MAP_GRAD, MAP_PLACES, MAP_PLACES, MAP, MAP_ROWS,
        MAP_PROBS, False, [5, 6], *outs(mapped.unpermute_grad(MAP_GRAD, MAP_PLACES, MAP_PLACES, MAP,
        MAP_ROWS, MAP_PROBS, False, [5, 6]))]),
]  # fmt: skip


def samples() -> list[tuple[str, list]]:
    return (
        ACTIVATION + NORMALIZATION + ROTARY + ATTENTION + MOE + QUANTIZATION + GROUPED + ROUTING_MAP
    )
