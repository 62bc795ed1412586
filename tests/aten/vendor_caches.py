"""Cases of caches of keys and values, and of what is written into parts of tensors."""

import torch
from vendor_case import HALVES, Case, Fixed, seeded

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
    for place, value in zip(
        indices.flatten(0, -2).tolist(), updates.flatten(0, indices.dim() - 2), strict=True
    ):
        target[tuple(place)] = value
    return target


def scatter_nd_copy(target, *rest):
    return scatter_nd(target.clone(), *rest)


PLACES = torch.tensor([[[0, 2], [3, 1]], [[1, 1], [2, 0]]])

CASES = [
    Case("npu_scatter_pa_kv_cache", (seeded(3, 2, 16), seeded(3, 2, 16, seed=3), *CACHES, SLOTS),
        scatter_cache, {"cache_mode": "Norm"}),
    Case("npu_scatter_pa_kv_cache", (seeded(3, 2, 16), seeded(3, 2, 16, seed=3), *NZ, SLOTS),
        scatter_cache, dtypes=HALVES, note="NZ"),
    Case("npu_scatter_pa_cache", (seeded(3, 2, 16), SLOTS), scatter_one, {"key_cache": CACHES[0]},
        overload="value"),
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
