"""Cases of attention to chosen keys, and of the gated delta rule."""

import torch
from vendor_case import HALVES, Case, Fixed, integers, seeded

BF16 = (torch.bfloat16,)
N, D, ROPE, SIZE = 4, 16, 8, 4
TABLE = torch.tensor([[3, 1, 5], [0, 2, 4]], dtype=torch.int32)


def int32(*values):
    return torch.tensor(values, dtype=torch.int32)


def sequences(query, key, options, *, names=("query", "key")):
    """(rows of queries, function that takes the keys' tokens) of each sequence."""
    q_lengths = options.get("actual_seq_lengths_query")
    k_lengths = options.get(f"actual_seq_lengths_{names[1]}")
    q_layout = options.get("layout_query", "BSND")
    k_layout = options.get(f"layout_{names[1]}", "BSND")
    count = len(q_lengths) if q_layout == "TND" else len(query)
    for b in range(count):
        if q_layout == "TND":
            rows = (slice(int(q_lengths[b - 1]) if b else 0, int(q_lengths[b])),)
        else:
            rows = (b, slice(0, query.shape[1] if q_lengths is None else int(q_lengths[b])))

        def keys(tensor, b=b):
            if k_layout == "PA_BSND":
                blocks = tensor[options["block_table"][b].long()].flatten(0, 1)
                return blocks[: int(k_lengths[b])]
            if k_layout == "TND":
                return tensor[int(k_lengths[b - 1]) if b else 0 : int(k_lengths[b])]
            return tensor[b][: None if k_lengths is None else int(k_lengths[b])]

        yield rows, keys


def best(scores, count, mode):
    if mode == 3:
        rows, columns = scores.shape
        hidden = torch.ones(rows, columns, dtype=torch.bool).triu(columns - rows + 1)
        scores = scores.masked_fill(hidden, -torch.inf)
    values, order = scores.sort(dim=-1, descending=True, stable=True)
    order = order.masked_fill(values == -torch.inf, -1)
    return order[:, :count].to(torch.int32), values[:, :count]


def indexer(query, key, weights, *, sparse_count, sparse_mode=3, return_value=False, **options):
    shape = (*query.shape[:-2], 1, sparse_count)
    indices, values = torch.full(shape, -1, dtype=torch.int32), torch.full(shape, -torch.inf)
    for rows, keys in sequences(query, key, options):
        products = torch.einsum("snd,td->snt", query[rows], keys(key)[:, 0]).relu()
        scores = (products * weights[rows].unsqueeze(-1)).sum(1)
        order, found = best(scores, sparse_count, sparse_mode)
        indices[rows][:, 0, : order.shape[1]] = order
        values[rows][:, 0, : order.shape[1]] = found
    return indices, values if return_value else torch.empty(0)


def quant_indexer(query, key, weights, q_scale, k_scale, q_mode, k_mode, **options):
    scaled = key.float() * k_scale.unsqueeze(-1)
    return indexer(query.float(), scaled, weights * q_scale, **options)[0]


def sparse(
    query, key, value, indices, scale, *, sparse_block_size=1, sparse_mode=3, query_rope=None,
    key_rope=None, attention_mode=2, return_softmax_lse=False, sinks=None, **options,
):  # fmt: skip
    value = key if value is None else value
    out = torch.zeros(*query.shape[:-1], value.shape[-1])
    peaks, totals = torch.zeros(query.shape[:-1]), torch.zeros(query.shape[:-1])
    if query_rope is not None:
        query, key = torch.cat((query, query_rope), -1), torch.cat((key, key_rope), -1)
    for rows, keys in sequences(query, key, options, names=("query", "kv")):
        q, k, v, ids = query[rows], keys(key)[:, 0], keys(value)[:, 0], indices[rows][:, 0]
        for i in range(len(q)):
            last = len(k) - len(q) + i if sparse_mode == 3 else len(k) - 1
            places = []
            for block in ids[i].tolist():
                if block < 0:
                    break
                first = block * sparse_block_size
                places += range(first, min(first + sparse_block_size, last + 1))
            scores = q[i] @ k[places].T * scale
            if sinks is not None:
                scores = torch.cat((scores, sinks.unsqueeze(-1)), -1)
            weights = torch.softmax(scores, -1)[:, : len(places)]
            out[rows][i] = weights @ v[places]
            peaks[rows][i] = scores.amax(-1)
            totals[rows][i] = (scores - scores.amax(-1, keepdim=True)).exp().sum(-1)
    if not return_softmax_lse:
        return out, torch.empty(0), torch.empty(0)
    head = 0 if query.dim() == 3 else 1
    return out, peaks.unsqueeze(head), totals.unsqueeze(head)


QUERY, WEIGHTS = seeded(2, 3, N, D), seeded(2, 3, N, seed=2)
KEY = seeded(2, 10, 1, D, seed=1)
T_QUERY, T_WEIGHTS, T_KEY = seeded(5, N, D), seeded(5, N, seed=2), seeded(12, 1, D, seed=1)
CACHE = seeded(6, SIZE, 1, D, seed=1)
PACKED = {"actual_seq_lengths_query": int32(2, 5), "layout_query": "TND"}
IN_BLOCKS = {**PACKED, "actual_seq_lengths_key": int32(9, 7), "layout_key": "PA_BSND",
    "block_table": TABLE}  # fmt: skip
INT8 = integers(-99, 99, (5, N, D), torch.int8), integers(-99, 99, (6, SIZE, 1, D), torch.int8)

INDEXERS = [
    Case("npu_lightning_indexer", (QUERY, KEY, WEIGHTS), indexer, {"sparse_count": 6},
        dtypes=(torch.float16,)),
    Case("npu_lightning_indexer", (QUERY, KEY, WEIGHTS), indexer, {"sparse_count": 12,
        "return_value": True, "actual_seq_lengths_query": int32(3, 2),
        "actual_seq_lengths_key": int32(5, 10)}, dtypes=(torch.float16,), tolerance=4,
        note="scores"),
    Case("npu_lightning_indexer", (T_QUERY, T_KEY, T_WEIGHTS), indexer, {"sparse_count": 4,
        **PACKED, "actual_seq_lengths_key": int32(5, 12), "layout_key": "TND", "sparse_mode": 0},
        dtypes=(torch.float16,), note="TND"),
    Case("npu_lightning_indexer", (T_QUERY, CACHE, T_WEIGHTS), indexer, {"sparse_count": 8,
        **IN_BLOCKS}, dtypes=(torch.float16,), note="blocks"),
    Case("npu_quant_lightning_indexer", (Fixed(INT8[0]), Fixed(INT8[1]), T_WEIGHTS.abs(),
        1 + seeded(5, N, seed=3).abs(), 1 + seeded(6, SIZE, 1, seed=4).abs(), 0, 0), quant_indexer,
        {"sparse_count": 5, **IN_BLOCKS}, (torch.float16,)),
]  # fmt: skip

CHOSEN = int32(*(
    (4, 0, 7, -1), (8, 2, 1, 5), (3, -1, -1, -1), (0, 1, 2, 3), (9, 8, 0, -1), (5, 6, 7, 4)
)).reshape(2, 3, 1, 4)  # fmt: skip
T_CHOSEN = int32((1, 0, 2), (2, -1, -1), (0, 1, -1), (1, -1, -1), (1, 0, -1)).reshape(5, 1, 3)
MODE = {"attention_mode": 2}
KV_BLOCKS = {**PACKED, "actual_seq_lengths_kv": int32(9, 7), "layout_kv": "PA_BSND",
    "block_table": TABLE}  # fmt: skip


def quantized_key(cache: torch.Tensor, rope: torch.Tensor, dtype: torch.dtype, tile: int):
    """int8 values, the rope part's bytes, and the bytes of a scale for each tile."""
    tiles = cache.unflatten(-1, (-1, tile))
    scale = tiles.abs().amax(-1) / 127
    values = (tiles / scale.unsqueeze(-1)).round().flatten(-2).to(torch.int8)
    parts = (values, rope.to(dtype).view(torch.int8), scale.contiguous().view(torch.int8))
    return torch.cat(parts, -1)


def quant_sparse(query, key, value, indices, scale, k_mode, v_mode, *, tile_size, rope_head_dim,
    **options):  # fmt: skip
    depth = query.shape[-1] - rope_head_dim
    rope_end = depth + 2 * rope_head_dim
    scales = key[..., rope_end:].contiguous().view(torch.float32)
    latent = key[..., :depth].float() * scales.repeat_interleave(tile_size, -1)
    rope = key[..., depth:rope_end].contiguous().view(torch.bfloat16).float()
    return sparse(
        query[..., :depth], latent, latent, indices, scale, query_rope=query[..., depth:],
        key_rope=rope, **options,
    )[0]  # fmt: skip


KEY_ROPE = seeded(6, SIZE, 1, ROPE, seed=4)
BYTES = Fixed(quantized_key(CACHE, KEY_ROPE, torch.bfloat16, 8))

ATTENTION = [
    *(
        Case("npu_sparse_flash_attention", (QUERY, KEY, value, CHOSEN, 0.5), sparse, {**MODE,
            "sparse_mode": mode, "return_softmax_lse": lse}, HALVES, 3, note)
        for note, value, mode, lse in (("", KEY, 0, True), ("causal", None, 3, False))
    ),
    Case("npu_sparse_flash_attention", (T_QUERY, CACHE, CACHE, T_CHOSEN, 0.5), sparse, {**MODE,
        **KV_BLOCKS, "sparse_block_size": 4, "query_rope": seeded(5, N, ROPE, seed=3),
        "key_rope": KEY_ROPE}, HALVES, 3, "blocks"),
    Case("npu_sparse_flash_attention", (QUERY, KEY, KEY, CHOSEN, 0.5), sparse, {**MODE,
        "sparse_mode": 0, "sinks": Fixed(seeded(N))}, HALVES, 3, "sinks"),
    Case("npu_kv_quant_sparse_flash_attention", (seeded(5, N, D + ROPE), BYTES, BYTES, T_CHOSEN,
        0.5, 2, 2), quant_sparse, {**MODE, **KV_BLOCKS, "sparse_block_size": 4, "tile_size": 8,
        "rope_head_dim": ROPE}, BF16, 3),
]  # fmt: skip

# ---- the gated delta rule ----

NK, NV, DK, DV = 2, 4, 6, 5


def steps(query, key, value, state, tokens, scale, beta, g, gk, keep):
    for t in tokens:
        q, k = (x[t].repeat_interleave(NV // NK, 0) for x in (query, key))
        if g is not None:
            state = state * g[t].exp()[:, None, None]
        if gk is not None:
            state = state * gk[t].exp()[:, None]
        change = value[t] - torch.einsum("nvk,nk->nv", state, k)
        change = change if beta is None else change * beta[t].unsqueeze(-1)
        state = state + torch.einsum("nv,nk->nvk", change, k)
        keep(t, state)
        yield torch.einsum("nvk,nk->nv", state, q) * scale


def recurrent(
    query, key, value, state, *, scale, actual_seq_lengths, ssm_state_indices, beta=None, g=None,
    gk=None, num_accepted_tokens=None,
):  # fmt: skip
    places, outs, begin = ssm_state_indices.tolist(), [], 0

    def keep(t, new):
        state[places[t]] = new

    for b, length in enumerate(actual_seq_lengths.tolist()):
        first = begin + (0 if num_accepted_tokens is None else int(num_accepted_tokens[b]) - 1)
        start = state[places[first]].clone()
        tokens = range(begin, begin + length)
        outs += steps(query, key, value, start, tokens, scale, beta, g, gk, keep)
        begin += length
    return torch.stack(outs)


def recurrent_copy(query, key, value, state, **options):
    copy = state.clone()
    return recurrent(query, key, value, copy, **options), copy


def chunk(query, key, value, *, beta, initial_state, actual_seq_lengths, scale, g=None):
    outs, ends, begin = [], [], 0
    for b, length in enumerate(actual_seq_lengths.tolist()):
        states = []
        tokens = range(begin, begin + length)
        outs += steps(
            query, key, value, initial_state[b], tokens, scale, beta, g, None,
            lambda t, new, states=states: states.append(new),
        )  # fmt: skip
        ends.append(states[-1])
        begin += length
    return torch.stack(outs), torch.stack(ends)


TOKENS = tuple(
    torch.nn.functional.normalize(seeded(5, heads, depth, seed=i), dim=-1)
    for i, (heads, depth) in enumerate(((NK, DK), (NK, DK), (NV, DV)))
)
STATE = seeded(7, NV, DV, DK, seed=4)
RULE = {"scale": 0.5, "actual_seq_lengths": int32(2, 3), "beta": seeded(5, NV).sigmoid(),
    "g": Fixed(-seeded(5, NV, seed=5).abs())}  # fmt: skip
RECURRENT = {**RULE, "ssm_state_indices": int32(6, 0, 2, 5, 1)}
MORE = {"gk": Fixed(-seeded(5, NV, DK, seed=6).abs()), "num_accepted_tokens": int32(2, 1)}

DELTA_RULE = [
    Case("npu_recurrent_gated_delta_rule", (*TOKENS, STATE), recurrent, RECURRENT, BF16),
    Case("npu_recurrent_gated_delta_rule", (*TOKENS, STATE), recurrent, {**RECURRENT, **MORE},
        BF16, note="accepted"),
    Case("npu_recurrent_gated_delta_rule_functional", (*TOKENS, STATE), recurrent_copy, RECURRENT,
        BF16),
    Case("npu_chunk_gated_delta_rule", TOKENS, chunk, {**RULE, "initial_state": STATE[:2]}, BF16),
]  # fmt: skip

CASES = INDEXERS + ATTENTION + DELTA_RULE
