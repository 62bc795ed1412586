"""Cases of npu_fused_infer_attention_score: other layouts, padding, prefix, int8."""

import torch
from vendor_attention import (
    BLOCKS,
    KEY,
    OPTIONS,
    V2,
    B,
    D,
    K,
    N,
    Q,
    S,
    V,
    attend,
    join,
    split,
)  # fmt: skip
from vendor_case import HALVES, Case, Fixed, integers, seeded


def to_layout(tensor, layout):
    """[B, N, S, D] in any layout; TND and NTD: sequences one after the other."""
    if layout == "NBSD":
        return tensor.transpose(0, 1)
    if layout == "NSD":
        return tensor[0]
    if layout in ("TND", "NTD"):
        tokens = tensor.transpose(1, 2).flatten(0, 1)
        return tokens if layout == "TND" else tokens.transpose(0, 1)
    return join(tensor, layout)


def from_layout(tensor, layout, batch):
    if layout in ("TND", "NTD"):
        tokens = tensor if layout == "TND" else tensor.transpose(0, 1)
        return tokens.unflatten(0, (batch, -1)).transpose(1, 2)
    return tensor[None] if layout == "NSD" else split(tensor, layout)


def fused_in_layouts(query, key, value, *, input_layout, batch=B, block_table=None, block_size=0,
    learnable_sink=None, num_heads=None, num_query_heads=None, scale=None, softmax_scale=None,
    num_key_value_heads, actual_seq_lengths=None, actual_seq_lengths_kv=None, lse=True,
    softmax_lse_flag=None, return_softmax_lse=None, query_padding_size=None,
    kv_padding_size=None, key_shared_prefix=None, value_shared_prefix=None,
    actual_shared_prefix_len=None, key_antiquant_scale=None, key_antiquant_offset=None,
    value_antiquant_scale=None, value_antiquant_offset=None, key_antiquant_mode=0,
    value_antiquant_mode=0, antiquant_scale=None, antiquant_offset=None, antiquant_mode=0,
    dequant_scale1=None, quant_scale1=None, dequant_scale2=None, quant_scale2=None,
    quant_offset2=None):  # fmt: skip
    layout, result_layout = input_layout.split("_")[0], input_layout.split("_")[-1]
    heads, scale = num_heads or num_query_heads, scale or softmax_scale
    batch = 1 if layout == "NSD" else batch
    if layout == "BSH":
        q = split(query, layout, query.shape[-1] // heads)
    else:
        q = from_layout(query, layout, batch)
    if block_table is None:
        depths = [t.shape[-1] // num_key_value_heads if layout == "BSH" else D
                  for t in (key, value)]  # fmt: skip
        k, v = (
            split(t, layout, depth) if layout == "BSH" else from_layout(t, layout, batch)
            for t, depth in zip((key, value), depths, strict=True)
        )
    else:  # in format NZ: [blocks, heads, depth / n, size, n]
        k, v = (
            t.permute(0, 3, 1, 2, 4).flatten(-2)[block_table.long()].flatten(1, 2).transpose(1, 2)
            for t in (key, value)
        )
    k, v = k.float(), v.float()
    if antiquant_scale is not None:
        key_antiquant_scale, value_antiquant_scale = antiquant_scale
        key_antiquant_mode = value_antiquant_mode = antiquant_mode
        if antiquant_offset is not None:
            key_antiquant_offset, value_antiquant_offset = antiquant_offset

    def spread(factor, mode):
        if mode == 0:
            return factor if factor.numel() == 1 else factor.reshape(1, num_key_value_heads, 1, -1)
        if mode == 2:
            return factor.reshape(1, -1, 1, 1)
        return factor.reshape(batch, -1, k.shape[2], 1)

    def restored(x, factor, offset, mode):
        if factor is None:
            return x
        return (x + (0 if offset is None else spread(offset, mode))) * spread(factor, mode)

    k = restored(k, key_antiquant_scale, key_antiquant_offset, key_antiquant_mode)
    v = restored(v, value_antiquant_scale, value_antiquant_offset, value_antiquant_mode)
    out, logs = torch.zeros(*q.shape[:3], v.shape[-1]), torch.zeros(*q.shape[:3], 1)
    packed_layout = layout in ("TND", "NTD")
    for b in range(batch):
        lengths = [q.shape[2], k.shape[2]]
        for i, given in enumerate((actual_seq_lengths, actual_seq_lengths_kv)):
            if given is not None and not (packed_layout and (i == 0 or block_table is None)):
                lengths[i] = given[b]
        ends = [
            length if padding is None else tensor.shape[2] - int(padding)
            for length, padding, tensor in zip(lengths, (query_padding_size, kv_padding_size),
                (q, k), strict=True)
        ]  # fmt: skip
        rows = slice(ends[0] - lengths[0], ends[0])
        one_q = q[b : b + 1, :, rows].float()
        one_k, one_v = (t[b : b + 1, :, ends[1] - lengths[1] : ends[1]] for t in (k, v))
        if key_shared_prefix is not None:
            used = slice(0, actual_shared_prefix_len and actual_shared_prefix_len[0])
            one_k = torch.cat((key_shared_prefix[:, :, used], one_k), 2)
            one_v = torch.cat((value_shared_prefix[:, :, used], one_v), 2)
        factor = 1 if dequant_scale1 is None else dequant_scale1
        found, peak, total = attend(one_q * factor, one_k, one_v, scale)
        if quant_scale1 is not None:
            groups = heads // num_key_value_heads
            scores = one_q @ one_k.repeat_interleave(groups, 1).transpose(-1, -2) * factor * scale
            weights = ((scores - peak).exp() * quant_scale1).round()
            found = weights @ one_v.repeat_interleave(groups, 1) * dequant_scale2 / total
        if learnable_sink is not None:
            extra = (learnable_sink.reshape(1, -1, 1, 1) - peak).exp()
            found, total = found * (total / (total + extra)), total + extra
        out[b, :, rows], logs[b, :, rows] = found[0], (peak + total.log())[0]
    result = to_layout(out, result_layout)
    if quant_scale2 is not None:
        offset = 0 if quant_offset2 is None else quant_offset2
        result = (result * quant_scale2 + offset).round().clamp(-128, 127).to(torch.int8)
    wanted = softmax_lse_flag or return_softmax_lse
    logs = to_layout(logs, "TND") if packed_layout else logs
    return result, logs if wanted else torch.empty(0)


OTHER = (Q[:, :, :3], KEY, V[..., :6])  # values of another depth
PADDING = {"query_padding_size": torch.tensor([1]), "kv_padding_size": torch.tensor([1]),
    "actual_seq_lengths": [2, 1], "actual_seq_lengths_kv": [3, 4]}  # fmt: skip
PREFIX = {"key_shared_prefix": seeded(1, 2, 4, D, seed=7),
    "value_shared_prefix": seeded(1, 2, 4, D, seed=8)}  # fmt: skip
INT8_KEYS = [Fixed(integers(-99, 99, (B, 2, K, D), torch.int8, seed=i)) for i in (1, 2)]
CHANNELS, WORDS = seeded(2, D).abs() / 60, Fixed(seeded(B, K).abs() / 60)
INT8_Q = Fixed(integers(-9, 9, (B, N, S, D), torch.int8))
PRODUCTS = {
    "dequant_scale1": Fixed(torch.tensor([0.001])), "quant_scale1": Fixed(torch.tensor([120.0])),
    "dequant_scale2": Fixed(torch.tensor([0.0002])),
}  # fmt: skip
NZ_CACHES = [seeded(6, 2, 2, 16, 16, seed=i) for i in (5, 6)]
BNSD = {**OPTIONS, "input_layout": "BNSD"}
WIDE = {"num_heads": N, "num_key_value_heads": 2, "scale": 0.2, "softmax_lse_flag": True}


def case(*args, note, **kwargs):
    op = "npu_fused_infer_attention_score"
    return Case(op, args, fused_in_layouts, kwargs, HALVES, 3, note)


CASES = [
    *(
        case(*(to_layout(t, layout.split("_")[0]) for t in (Q, KEY, V)), note=layout,
            input_layout=layout, **OPTIONS)
        for layout in ("BSH", "BSH_BNSD", "BSND_BNSD", "BSH_NBSD", "BSND_NBSD", "BNSD_NBSD", "NSD")
    ),
    *(
        case(*(to_layout(t, layout.split("_")[0]) for t in (Q, KEY, V)), note=layout,
            input_layout=layout, actual_seq_lengths=[S, 2 * S], actual_seq_lengths_kv=[K, 2 * K],
            **OPTIONS)
        for layout in ("NTD", "TND_NTD", "NTD_TND")
    ),
    *(
        case(*(to_layout(t, layout.split("_")[0]) for t in OTHER), note=f"depth of values {layout}",
            input_layout=layout, **OPTIONS)
        for layout in ("BNSD", "BSND", "BSH", "BNSD_BSND")
    ),
    case(seeded(B, N, 1, 32), *NZ_CACHES, note="NZ blocks", input_layout="BNSD_NBSD",
        block_table=BLOCKS, block_size=16, actual_seq_lengths_kv=[20, 32], **WIDE),
    case(Q, KEY, V, note="padding", **PADDING, **BNSD),
    case(Q, KEY, V, note="prefix", **PREFIX, actual_shared_prefix_len=[3], **BNSD),
    case(Q, *INT8_KEYS, note="int8 keys by channel", key_antiquant_scale=CHANNELS,
        key_antiquant_offset=seeded(2, D), value_antiquant_scale=CHANNELS, **BNSD),
    case(Q, *INT8_KEYS, note="int8 keys by token", key_antiquant_scale=WORDS,
        value_antiquant_scale=WORDS, key_antiquant_mode=1, value_antiquant_mode=1, **BNSD),
    case(Q, *INT8_KEYS, note="int8 keys by head", key_antiquant_scale=CHANNELS[:, 0],
        value_antiquant_scale=CHANNELS[:, 1], key_antiquant_mode=2, value_antiquant_mode=2, **BNSD),
    case(Q, *INT8_KEYS, note="int8 keys, one tensor", antiquant_scale=seeded(2, 2, D).abs() / 60,
        antiquant_offset=seeded(2, 2, D), **BNSD),
    Case("npu_fused_infer_attention_score", (INT8_Q, *INT8_KEYS), fused_in_layouts, {**BNSD,
        **PRODUCTS}, (torch.float16,), 3, "int8 products"),
    Case("npu_fused_infer_attention_score", (Q, KEY, V), fused_in_layouts, {**BNSD, "quant_scale2":
        Fixed(torch.tensor([20.0])), "quant_offset2": Fixed(torch.tensor([3.0]))}, HALVES, 300,
        "int8 result"),
    Case("npu_fused_infer_attention_score_v2", (Q, KEY, V), fused_in_layouts, {**V2,
        "input_layout": "BNSD", "learnable_sink": seeded(N)}, HALVES, 3, "sink"),
]  # fmt: skip
