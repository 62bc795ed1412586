"""Cases of attention: of training, of inference, and caches of keys and values."""

import torch
from vendor_case import HALVES, Case, Fixed, integers, seeded

B, N, S, K, D = 2, 4, 3, 5, 8


def split(tensor: torch.Tensor, layout: str, depth: int = D) -> torch.Tensor:
    """Any layout of one length as [batch, heads, length, depth]."""
    return {
        "BNSD": lambda: tensor,
        "BSND": lambda: tensor.transpose(1, 2),
        "BSH": lambda: tensor.unflatten(-1, (-1, depth)).transpose(1, 2),
        "SBH": lambda: tensor.unflatten(-1, (-1, depth)).permute(1, 2, 0, 3),
    }[layout]()


def join(tensor: torch.Tensor, layout: str) -> torch.Tensor:
    return {
        "BNSD": lambda: tensor,
        "BSND": lambda: tensor.transpose(1, 2),
        "BSH": lambda: tensor.transpose(1, 2).flatten(-2),
        "SBH": lambda: tensor.permute(2, 0, 1, 3).flatten(-2),
    }[layout]()


def attend(q, k, v, scale=1.0, left_out=None, shift=0.0, sink=None):
    """[batch, heads, length, depth], and the rows' maxima and sums."""
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    scores = (q @ k.transpose(-1, -2) + shift) * scale
    if left_out is not None:
        scores = scores.masked_fill(left_out, torch.finfo(torch.float32).min)
    if sink is not None:  # one more key, without a value
        extra = sink.reshape(1, -1, 1, 1).expand(*scores.shape[:3], 1)
        scores, v = torch.cat((scores, extra), -1), torch.nn.functional.pad(v, (0, 0, 0, 1))
    peak = scores.amax(-1, keepdim=True)
    total = (scores - peak).exp().sum(-1, keepdim=True)
    return torch.softmax(scores, -1) @ v, peak, total


def hidden(rows: int, columns: int, mode: int, mask=None):
    """What a sparse mode leaves out."""
    if mode in (0, 1):
        return None if mask is None else mask.bool()
    return torch.ones(rows, columns, dtype=torch.bool).triu(1 if mode == 2 else columns - rows + 1)


def alibi(slopes, rows: int, columns: int, kind: int, start: int = 0):
    """What pse_type 2 and 3 add to the scores."""
    distance = (torch.arange(columns) + start - torch.arange(rows)[:, None]).abs().float()
    return -slopes.reshape(-1, N, 1, 1) * (distance.sqrt() if kind == 3 else distance)


def fusion(
    query, key, value, heads, layout, pse=None, padding=None, atten_mask=None, scale=1.0, *,
    sparse_mode=0, sink=None, pse_type=1, q_start_idx=(0,), kv_start_idx=(0,),
):  # fmt: skip
    depth = query.shape[-1] // heads if layout.endswith("H") else query.shape[-1]
    q, k, v = (split(t, layout, depth) for t in (query, key, value))
    left_out = hidden(q.shape[2], k.shape[2], sparse_mode, atten_mask)
    shift = 0.0 if pse is None else pse if pse_type == 1 else pse / scale
    if pse_type >= 2:
        start = kv_start_idx[0] - q_start_idx[0]
        shift = alibi(pse, q.shape[2], k.shape[2], pse_type, start) / scale
    out, peak, total = attend(q, k, v, scale, left_out, shift, sink)
    wide = (*peak.shape[:-1], 8)
    return join(out, layout), peak.expand(wide).detach(), total.expand(wide).detach(), None, 0, 0, 0


def packed(
    query,
    key,
    value,
    heads,
    layout,
    *rest,
    scale=1.0,
    actual_seq_qlen,
    actual_seq_kvlen,
    sparse_mode=0,
    sink=None,
    query_rope=None,
    key_rope=None,
    atten_mask=None,
    pse=None,
    pse_type=1,
):
    outs, begin_q, begin_k = [], 0, 0
    if query_rope is not None:
        query, key = torch.cat((query, query_rope), -1), torch.cat((key, key_rope), -1)
    for i, (end_q, end_k) in enumerate(zip(actual_seq_qlen, actual_seq_kvlen, strict=True)):
        if end_q == begin_q:
            continue
        q, k, v = (
            t[None].transpose(1, 2)
            for t in (query[begin_q:end_q], key[begin_k:end_k], value[begin_k:end_k])
        )
        mask = atten_mask if atten_mask is None else atten_mask[: q.shape[2], : k.shape[2]]
        left_out = hidden(end_q - begin_q, end_k - begin_k, sparse_mode, mask)
        shift = 0.0
        if pse is not None:
            slopes = pse if pse.dim() == 1 else pse[i]
            shift = alibi(slopes, q.shape[2], k.shape[2], pse_type) / scale
        parts = attend(q, k, v, scale, left_out, shift, sink)
        outs.append([part[0].transpose(0, 1) for part in parts])
        begin_q, begin_k = end_q, end_k
    out, peak, total = (torch.cat(parts) for parts in zip(*outs, strict=True))
    return out, peak.expand(-1, -1, 8).detach(), total.expand(-1, -1, 8).detach(), None, 0, 0, 0


def fusion_grad(
    query, key, value, dy, heads, layout, *, softmax_max, softmax_sum, attention_in, scale_value
):
    values = [t.detach().requires_grad_() for t in (query, key, value)]
    out = fusion(*values, heads, layout, None, None, None, scale_value)[0]
    return *torch.autograd.grad(out, values, dy), None, None


def fusion_grad_v2(*args, **kwargs):
    return *fusion_grad(*args, **kwargs), None, None


def no_workspace(*args, **kwargs):
    return torch.empty(0, dtype=torch.uint8)


SINK = Fixed(seeded(N, seed=9))
Q, KEY, V = seeded(B, N, S, D), seeded(B, 2, K, D, seed=1), seeded(B, 2, K, D, seed=2)
MASK = integers(0, 2, (B, 1, S, K), torch.bool)
MASK[..., 0] = False  # no row is empty
# What sparse modes 2 to 4 want as a mask, whatever the lengths are.
TRIANGLE = torch.ones(2048, 2048, dtype=torch.bool).triu(1)
FORWARD = fusion(Q, KEY, V, N, "BNSD", None, None, None, 0.5)
T_Q, T_K = seeded(7, N, D), seeded(9, 2, D, seed=1)
ENDS = {"actual_seq_qlen": [3, 7], "actual_seq_kvlen": [4, 9]}
SQUARE = (Q, KEY[:, :, :S], V[:, :, :S])
EQUAL = {"actual_seq_qlen": [3, 7], "actual_seq_kvlen": [3, 7]}
SLOPES = Fixed(torch.tensor([0.5, 0.25, 0.125, 0.0625]))
MORE_SLOPES = Fixed(torch.stack((SLOPES.tensor, 2 * SLOPES.tensor)))
BACKWARD = {
    "softmax_max": Fixed(FORWARD[1]),
    "softmax_sum": Fixed(FORWARD[2]),
    "attention_in": FORWARD[0],
    "scale_value": 0.5,
}

TRAINING = [
    *(
        Case("npu_fusion_attention", (join(Q, layout), join(KEY, layout), join(V, layout), N,
            layout, None, None, MASK, 0.5), fusion, note=layout, tolerance=3)
        for layout in ("BNSD", "BSND", "BSH", "SBH")
    ),
    Case("npu_fusion_attention", (Q, KEY, V[..., :4], N, "BNSD", seeded(1, N, S, K), None, None,
        0.5), fusion, note="shift", tolerance=3),
    *(
        Case("npu_fusion_attention", (Q, KEY, V, N, "BNSD", None, None, TRIANGLE, 0.5), fusion,
            {"sparse_mode": mode}, note=f"mode {mode}", tolerance=3)
        for mode in (2, 3)
    ),
    *(
        Case("npu_fusion_attention", (T_Q, T_K, T_K + 1, N, "TND"), packed, {**ENDS, "scale": 0.5,
            "sparse_mode": mode, "atten_mask": TRIANGLE if mode else None}, note=f"TND {mode}",
            tolerance=3)
        for mode in (0, 2, 3)
    ),
    Case("npu_fusion_attention", (Q, KEY, V, N, "BNSD"), fusion, {"scale": 0.5, "sink": SINK,
        "atten_mask": MASK}, note="sink", tolerance=3),
    Case("npu_fusion_attention", (T_Q, T_K, T_K + 1, N, "TND"), packed, {**ENDS, "scale": 0.5,
        "sink": SINK, "sparse_mode": 3, "atten_mask": TRIANGLE}, note="TND sink", tolerance=3),
    Case("npu_fusion_attention", (T_Q, T_K, T_K + 1, N, "TND"), packed, {
        "actual_seq_qlen": [3, 3, 7], "actual_seq_kvlen": [4, 4, 9], "scale": 0.5},
        note="TND with an empty sequence", tolerance=3),
    Case("npu_fusion_attention", (T_Q, T_K, T_K + 1, N, "TND"), packed, {**ENDS, "scale": 0.5,
        "atten_mask": MASK[0, 0].repeat(2, 1)[:4]}, note="TND mask", tolerance=3),
    *(
        Case("npu_fusion_attention_v2", (Q, KEY, V, N, "BNSD"), fusion, {"pse": seeded(1, N, S, K),
            "scale": 0.5, "pse_type": kind}, note=f"shift {kind}", tolerance=3)
        for kind in (0, 1)
    ),
    Case("npu_fusion_attention_v2", (Q, KEY, V, N, "BNSD"), fusion, {"pse": seeded(1, N, S, K),
        "scale": 0.5, "pse_type": 0, "sink": SINK}, note="sink", tolerance=3),
    *(
        Case("npu_fusion_attention_v2", (T_Q, T_K, T_K + 1, N, "TND"), packed, {**ENDS, "scale":
            0.5, "query_rope": seeded(7, N, 4), "key_rope": seeded(9, 2, 4, seed=1), **sink},
            dtypes=(torch.bfloat16,), note=f"rope {len(sink)}", tolerance=3)
        for sink in ({}, {"sink": SINK})
    ),
    Case("npu_fusion_attention_v2", (T_Q, T_K, T_K + 1, N, "TND"), packed, {**ENDS, "scale": 0.5},
        note="TND", tolerance=3),
    *(
        Case(op, (Q, KEY, V, seeded(B, N, S, D, seed=3), N, "BNSD"), reference, BACKWARD,
            dtypes=(torch.float32,), tolerance=3)
        for op, reference in (
            ("npu_fusion_attention_grad", fusion_grad),
            ("npu_fusion_attention_grad_v2", fusion_grad_v2),
            ("npu_fusion_attention_grad_v3", fusion_grad),
            ("_npu_fusion_attention_backward", fusion_grad_v2),
        )
    ),
]  # fmt: skip

# ---- inference ----


def prompt(
    query,
    key,
    value,
    *,
    num_heads,
    input_layout="BSH",
    scale_value=1.0,
    num_key_value_heads=0,
    sparse_mode=0,
    **lengths,
):
    layout = input_layout.split("_")[0]
    depth = query.shape[-1] // num_heads if layout == "BSH" else D
    q, k, v = (split(t, layout, depth) for t in (query, key, value))
    out = attend(q, k, v, scale_value, hidden(q.shape[2], k.shape[2], sparse_mode))[0]
    return join(out, input_layout.split("_")[-1])


def from_blocks(cache, table, length, heads):
    blocks = cache.unflatten(-1, (heads, -1)) if cache.dim() == 3 else cache.transpose(1, 2)
    return blocks[table.long()].flatten(0, 1)[:length].transpose(0, 1)[None]


def decode(
    query,
    key,
    value,
    *,
    num_heads,
    input_layout,
    scale_value=1.0,
    num_key_value_heads=0,
    block_table=None,
    block_size=0,
    actual_seq_lengths,
):
    outs = []
    for b, length in enumerate(actual_seq_lengths):
        q = split(
            query[b : b + 1],
            input_layout,
            query.shape[-1] // num_heads if input_layout == "BSH" else D,
        )
        if block_table is None:
            k, v = (split(t[b : b + 1], input_layout)[:, :, :length] for t in (key, value))
        else:
            k, v = (
                from_blocks(t, block_table[b], length, num_key_value_heads) for t in (key, value)
            )
        outs.append(join(attend(q, k, v, scale_value)[0], input_layout))
    return torch.cat(outs)


def fused(
    query,
    key,
    value,
    *,
    num_heads,
    scale,
    input_layout,
    num_key_value_heads,
    softmax_lse_flag=False,
    query_rope=None,
    key_rope=None,
    sparse_mode=0,
    atten_mask=None,
    actual_seq_lengths=None,
    actual_seq_lengths_kv=None,
    block_table=None,
    block_size=0,
):
    if input_layout == "TND":
        outs, begin, key_begin = [], 0, 0
        for b, (end, key_end) in enumerate(
            zip(actual_seq_lengths, actual_seq_lengths_kv, strict=True)
        ):
            q = query[begin:end].transpose(0, 1)[None]
            if block_table is not None:
                k, v = (
                    from_blocks(t, block_table[b], key_end, num_key_value_heads)
                    for t in (key, value)
                )
            else:
                k, v = (t[key_begin:key_end].transpose(0, 1)[None] for t in (key, value))
            out, peak, total = attend(q, k, v, scale, hidden(q.shape[2], k.shape[2], sparse_mode))
            outs.append((out[0].transpose(0, 1), (peak + total.log())[0].transpose(0, 1)))
            begin, key_begin = end, key_end
        out, lse = (torch.cat(part) for part in zip(*outs, strict=True))
        return out, lse if softmax_lse_flag else torch.empty(0)
    q, k, v = query, key, value
    if query_rope is not None:
        q, k = torch.cat((q, query_rope), -1), torch.cat((k, key_rope), -1)
    left_out = (
        atten_mask.bool()
        if atten_mask is not None and sparse_mode == 0
        else hidden(q.shape[2], k.shape[2], sparse_mode)
    )
    out, peak, total = attend(q, k, v, scale, left_out)
    return out, peak + total.log() if softmax_lse_flag else torch.empty(0)


def fused_v2(
    query,
    key,
    value,
    *,
    num_query_heads,
    softmax_scale,
    return_softmax_lse=False,
    actual_seq_qlen=None,
    actual_seq_kvlen=None,
    **options,
):
    return fused(
        query,
        key,
        value,
        num_heads=num_query_heads,
        scale=softmax_scale,
        softmax_lse_flag=return_softmax_lse,
        actual_seq_lengths=actual_seq_qlen,
        actual_seq_lengths_kv=actual_seq_kvlen,
        **options,
    )


ONE = seeded(B, N, 1, D, seed=4)
BLOCKS = integers(0, 6, (B, 2), torch.int32, seed=3)
CACHE, CACHE_V = seeded(6, 4, 2 * D, seed=5), seeded(6, 4, 2 * D, seed=6)
HEADS = {"num_heads": N, "num_key_value_heads": 2}
OPTIONS = {**HEADS, "scale": 0.5, "softmax_lse_flag": True}
V2 = {
    "num_query_heads": N,
    "num_key_value_heads": 2,
    "softmax_scale": 0.5,
    "return_softmax_lse": True,
}


INFERENCE = [
    Case("_npu_fused_infer_attention_score_get_max_workspace", (Q, KEY, V), no_workspace,
        {**OPTIONS, "input_layout": "BNSD"}, HALVES),
    Case("_npu_fused_infer_attention_score_v2_get_max_workspace", (Q, KEY, V), no_workspace,
        {**V2, "input_layout": "BNSD"}, HALVES),
    *(
        Case("npu_prompt_flash_attention", tuple(join(t, layout.split("_")[0]) for t in (Q, KEY,
            V)), prompt, {**HEADS, "input_layout": layout, "scale_value": 0.5}, HALVES, 3, layout)
        for layout in ("BSH", "BSND", "BNSD", "BNSD_BSND")
    ),
    Case("npu_prompt_flash_attention", (Q, KEY, V), prompt, {**HEADS, "input_layout": "BNSD",
        "sparse_mode": 3, "atten_mask": TRIANGLE}, HALVES, 3, "causal"),
    Case("npu_incre_flash_attention", (ONE, KEY, V), decode, {**HEADS, "input_layout": "BNSD",
        "actual_seq_lengths": [5, 2]}, HALVES, 3),
    Case("npu_incre_flash_attention", (join(ONE, "BSH"), CACHE, CACHE_V), decode, {**HEADS,
        "input_layout": "BSH", "actual_seq_lengths": [7, 2], "block_table": BLOCKS,
        "block_size": 4}, HALVES, 3, "blocks"),
    Case("npu_incre_flash_attention", (ONE, seeded(6, 2, 4, D), seeded(6, 2, 4, D, seed=1)),
        decode, {**HEADS, "input_layout": "BNSD", "actual_seq_lengths": [7, 2],
        "block_table": BLOCKS, "block_size": 4}, HALVES, 3, "blocks by head"),
    Case("npu_fused_infer_attention_score", (Q, KEY, V), fused, {**OPTIONS, "input_layout": "BNSD",
        "atten_mask": MASK}, HALVES, 3),
    Case("npu_fused_infer_attention_score", (Q, KEY, V), fused, {**HEADS, "scale": 0.5,
        "input_layout": "BNSD", "query_rope": seeded(B, N, S, 4), "key_rope": seeded(B, 2, K, 4)},
        HALVES, 3, "rope"),
    Case("npu_fused_infer_attention_score", (T_Q, T_K, T_K), fused, {**OPTIONS,
        "input_layout": "TND", "actual_seq_lengths": [3, 7], "actual_seq_lengths_kv": [4, 9],
        "sparse_mode": 3, "atten_mask": TRIANGLE}, HALVES, 3, "TND"),
    Case("npu_fused_infer_attention_score_v2", (Q, KEY, V), fused_v2, {**V2,
        "input_layout": "BNSD", "sparse_mode": 2, "atten_mask": TRIANGLE}, HALVES, 3),
    Case("npu_fused_infer_attention_score_v2", (T_Q, CACHE, CACHE_V), fused_v2, {**V2,
        "input_layout": "TND", "actual_seq_qlen": [3, 7], "actual_seq_kvlen": [7, 5],
        "block_table": BLOCKS, "block_size": 4, "sparse_mode": 3, "atten_mask": TRIANGLE}, HALVES,
        3, "TND blocks"),
]  # fmt: skip

CASES = TRAINING + INFERENCE
