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


def fusion(
    query, key, value, heads, layout, pse=None, padding=None, atten_mask=None, scale=1.0, *,
    sparse_mode=0, sink=None, pse_type=1,
):  # fmt: skip
    depth = query.shape[-1] // heads if layout.endswith("H") else query.shape[-1]
    q, k, v = (split(t, layout, depth) for t in (query, key, value))
    left_out = hidden(q.shape[2], k.shape[2], sparse_mode, atten_mask)
    shift = 0.0 if pse is None else pse if pse_type == 1 else pse / scale
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
):
    outs, begin_q, begin_k = [], 0, 0
    if query_rope is not None:
        query, key = torch.cat((query, query_rope), -1), torch.cat((key, key_rope), -1)
    for end_q, end_k in zip(actual_seq_qlen, actual_seq_kvlen, strict=True):
        q, k, v = (
            t[None].transpose(1, 2)
            for t in (query[begin_q:end_q], key[begin_k:end_k], value[begin_k:end_k])
        )
        mask = atten_mask if atten_mask is None else atten_mask[: q.shape[2], : k.shape[2]]
        left_out = hidden(end_q - begin_q, end_k - begin_k, sparse_mode, mask)
        parts = attend(q, k, v, scale, left_out, sink=sink)
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


SINK = Fixed(seeded(N, seed=9))
Q, KEY, V = seeded(B, N, S, D), seeded(B, 2, K, D, seed=1), seeded(B, 2, K, D, seed=2)
MASK = integers(0, 2, (B, 1, S, K), torch.bool)
MASK[..., 0] = False  # no row is empty
FORWARD = fusion(Q, KEY, V, N, "BNSD", None, None, None, 0.5)
T_Q, T_K = seeded(7, N, D), seeded(9, 2, D, seed=1)
ENDS = {"actual_seq_qlen": [3, 7], "actual_seq_kvlen": [4, 9]}

TRAINING = [
    *(
        Case("npu_fusion_attention", (join(Q, layout), join(KEY, layout), join(V, layout), N,
            layout, None, None, MASK, 0.5), fusion, note=layout, tolerance=3)
        for layout in ("BNSD", "BSND", "BSH", "SBH")
    ),
    Case("npu_fusion_attention", (Q, KEY, V[..., :4], N, "BNSD", seeded(1, N, S, K), None, None,
        0.5), fusion, note="shift", tolerance=3),
    *(
        Case("npu_fusion_attention", (Q, KEY, V, N, "BNSD", None, None, torch.ones(2048, 2048,
            dtype=torch.bool).triu(1), 0.5), fusion, {"sparse_mode": mode}, note=f"mode {mode}",
            tolerance=3)
        for mode in (2, 3)
    ),
    *(
        Case("npu_fusion_attention", (T_Q, T_K, T_K + 1, N, "TND"), packed, {**ENDS, "scale": 0.5,
            "sparse_mode": mode}, note=f"TND {mode}", tolerance=3)
        for mode in (0, 2, 3)
    ),
    Case("npu_fusion_attention", (Q, KEY, V, N, "BNSD"), fusion, {"scale": 0.5, "sink": SINK,
        "atten_mask": MASK}, note="sink", tolerance=3),
    Case("npu_fusion_attention", (T_Q, T_K, T_K + 1, N, "TND"), packed, {**ENDS, "scale": 0.5,
        "sink": SINK, "sparse_mode": 3}, note="TND sink", tolerance=3),
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
    Case("npu_fusion_attention_grad_v2", (Q, KEY, V, seeded(B, N, S, D, seed=3), N, "BNSD"),
        fusion_grad_v2,
         {"softmax_max": Fixed(FORWARD[1]), "softmax_sum": Fixed(FORWARD[2]),
             "attention_in": FORWARD[0], "scale_value": 0.5}, dtypes=(torch.float32,), tolerance=3),
    Case("npu_fusion_attention_grad", (Q, KEY, V, seeded(B, N, S, D, seed=3), N, "BNSD"),
        fusion_grad,
         {"softmax_max": Fixed(FORWARD[1]), "softmax_sum": Fixed(FORWARD[2]),
             "attention_in": FORWARD[0], "scale_value": 0.5}, dtypes=(torch.float32,), tolerance=3),
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


def no_workspace(*args, **kwargs):
    return torch.empty(0, dtype=torch.uint8)


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
        "sparse_mode": 3, "atten_mask": torch.ones(2048, 2048, dtype=torch.bool).triu(1)}, HALVES,
        3, "causal"),
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
        "sparse_mode": 3}, HALVES, 3, "TND"),
    Case("npu_fused_infer_attention_score_v2", (Q, KEY, V), fused_v2, {**V2,
        "input_layout": "BNSD", "sparse_mode": 2}, HALVES, 3),
    Case("npu_fused_infer_attention_score_v2", (T_Q, CACHE, CACHE_V), fused_v2, {**V2,
        "input_layout": "TND", "actual_seq_qlen": [3, 7], "actual_seq_kvlen": [7, 5],
        "block_table": BLOCKS, "block_size": 4, "sparse_mode": 3}, HALVES, 3, "TND blocks"),
]  # fmt: skip

# ---- caches ----


def scatter_cache(key, value, key_cache, value_cache, slots, *, cache_mode="PA_NZ"):
    for tokens, cache in ((key, key_cache), (value, value_cache)):
        rows = cache.transpose(1, 2) if cache_mode == "PA_NZ" else cache
        size = rows.shape[1]
        for token, slot in zip(tokens, slots.tolist(), strict=True):
            if slot >= 0:
                rows[slot // size, slot % size] = token.reshape(rows.shape[2:])
    return ()


def gather_cache(
    key_cache,
    value_cache,
    tables,
    lengths,
    key,
    value,
    *,
    seq_offset=None,
    is_seq_lens_cumsum=False,
):
    lengths = lengths.diff() if is_seq_lens_cumsum else lengths
    for cache, out in ((key_cache, key), (value_cache, value)):
        parts = []
        for b, length in enumerate(lengths.tolist()):
            first = 0 if seq_offset is None else int(seq_offset[b])
            parts.append(cache[tables[b].long()].flatten(0, 1)[first : first + length])
        out.copy_(torch.cat(parts))
    return ()


def update(lse, parts, update_type):
    weights = torch.softmax(torch.stack(lse), 0)
    out = (weights.unsqueeze(-1) * torch.stack(parts)).sum(0)
    return out, torch.stack(lse).logsumexp(0) if update_type else None


SLOTS = torch.tensor([9, -1, 2], dtype=torch.int32)
CACHES = (seeded(4, 3, 2, 16, seed=1), seeded(4, 3, 2, 16, seed=2))
NZ = (seeded(4, 2, 3, 16, seed=1), seeded(4, 2, 3, 16, seed=2))
TABLES = torch.tensor([[3, 1], [0, 2]], dtype=torch.int32)

def scatter_one(key, slots, *, key_cache):
    scatter_cache(key, key, key_cache, key_cache, slots, cache_mode="Norm")
    return key_cache


def scatter_nd(target, indices, updates):
    for place, value in zip(indices.flatten(0, -2).tolist(), updates.flatten(
            0, indices.dim() - 2), strict=True):
        target[tuple(place)] = value
    return target


def scatter_nd_copy(target, *rest):
    return scatter_nd(target.clone(), *rest)


PLACES = torch.tensor([[[0, 2], [3, 1]], [[1, 1], [2, 0]]])

STORES = [
    Case("npu_scatter_pa_kv_cache", (seeded(3, 2, 16), seeded(3, 2, 16, seed=3), *CACHES, SLOTS),
        scatter_cache, {"cache_mode": "Norm"}),
    Case("npu_scatter_pa_kv_cache", (seeded(3, 2, 16), seeded(3, 2, 16, seed=3), *NZ, SLOTS),
        scatter_cache, dtypes=HALVES, note="NZ"),
    Case("npu_scatter_pa_cache", (seeded(3, 2, 16), SLOTS), scatter_one, {"key_cache": CACHES[0]}),
    *(
        Case(op, (seeded(4, 3, 5), PLACES.to(dtype), seeded(2, 2, 5, seed=1)), reference,
            note=str(dtype))
        for op, reference in (("npu_scatter_nd_update_", scatter_nd), ("npu_scatter_nd_update",
            scatter_nd_copy))
        for dtype in (torch.int32, torch.int64)
    ),
    Case("npu_gather_pa_kv_cache", (*CACHES, TABLES, torch.tensor([5, 2], dtype=torch.int32),
        torch.zeros(7, 2, 16), torch.zeros(7, 2, 16)), gather_cache),
    Case("npu_gather_pa_kv_cache", (*CACHES, TABLES, torch.tensor([0, 4, 7], dtype=torch.int32),
        torch.zeros(7, 2, 16), torch.zeros(7, 2, 16)), gather_cache, {"is_seq_lens_cumsum": True,
        "seq_offset": torch.tensor([1, 2], dtype=torch.int32)}, note="offsets"),
    *(
        Case("npu_attention_update", ([Fixed(seeded(4)), Fixed(seeded(4, seed=1))], [seeded(4, 8),
            seeded(4, 8, seed=1)], kind), update, note=str(kind))
        for kind in (0, 1)
    ),
]  # fmt: skip

# ---- attention of inference: other layouts, padding, prefix, int8 ----


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


MORE = [
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

CASES = TRAINING + INFERENCE + STORES + MORE
