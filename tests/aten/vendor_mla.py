"""Cases of what comes before multi-head latent attention, and of its caches."""

import torch
from vendor_case import HALVES, Case, Fixed, integers, seeded

BF16 = (torch.bfloat16,)
B, S, RANK, ROPE, SIZE = 2, 3, 32, 16, 4


def norm(x, gamma, epsilon=1e-5):
    return x / (x.square().mean(-1, keepdim=True) + epsilon).sqrt() * gamma


def rotate(x, cos, sin):
    """Pairs are neighbours in x, halves in the result."""
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.cat((even, odd), -1) * cos + torch.cat((-odd, even), -1) * sin


def to_int8(x):
    return x.round().clamp(-128, 127).to(torch.int8)


def place(rows, cache, slot, nz):
    """One row into a slot of a cache [blocks, size, 1, depth]."""
    blocks, size, _, depth = cache.shape
    if nz:
        n = 32 // cache.element_size() if cache.dtype == torch.int8 else 16
        cache = cache.view(blocks, depth // n, size, n).transpose(1, 2)
        rows = rows.reshape(depth // n, n)
    else:
        rows = rows.reshape(1, depth)
    cache[slot // size, slot % size] = rows.to(cache.dtype)


def kv_cache(
    kv, gamma, cos, sin, index, k_cache, ckv_cache, *,
    k_rope_scale=None, c_kv_scale=None, k_rope_offset=None, c_kv_offset=None,
    cache_mode="Norm", is_output_kv=False,
):  # fmt: skip
    rank = gamma.shape[0]
    latent, turned = norm(kv[..., :rank], gamma), rotate(kv[..., rank:], cos, sin)
    stored = []
    for x, scale, offset in (
        (turned, k_rope_scale, k_rope_offset), (latent, c_kv_scale, c_kv_offset)
    ):  # fmt: skip
        stored.append(
            x if scale is None else to_int8(x * scale + (0 if offset is None else offset))
        )
    for x, cache in zip(stored, (k_cache, ckv_cache), strict=True):
        for b in range(kv.shape[0]):
            for s in range(kv.shape[2]):
                row = x[b, 0, s]
                if cache_mode == "Norm":
                    cache[b, 0, index[b, s]] = row.to(cache.dtype)
                    continue
                slot = int(index[b * kv.shape[2] + s]) if "BLK" not in cache_mode else None
                if slot is None:
                    pages = index.numel() // kv.shape[0]
                    slot = int(index[b * pages + s // SIZE])
                    slot = slot // SIZE * SIZE + s % SIZE if slot >= 0 else -1
                if slot >= 0:
                    place(row, cache, slot, cache_mode.endswith("NZ"))
    wanted = is_output_kv or None
    return k_cache, ckv_cache, wanted and turned, wanted and latent


def kv_cache_v2(*args, **kwargs):
    return kv_cache(*args, **kwargs)[2:]


KV = seeded(B, 1, S, RANK + ROPE)
GAMMA = seeded(RANK, seed=1)
COS, SIN = seeded(B, 1, S, ROPE, seed=2), seeded(B, 1, S, ROPE, seed=3)
K_CACHE, CKV_CACHE = seeded(6, SIZE, 1, ROPE, seed=4), seeded(6, SIZE, 1, RANK, seed=5)
SLOTS = torch.tensor([5, 9, -1, 0, 23, 14])
STARTS = torch.tensor([8, 16])
NORM_CACHES = (seeded(B, 1, 7, ROPE, seed=4), seeded(B, 1, 7, RANK, seed=5))
INT8_CACHES = (
    integers(-9, 9, (6, SIZE, 1, 32), torch.int8), integers(-9, 9, (6, SIZE, 1, RANK), torch.int8)
)  # fmt: skip
INT8_KV, WIDE_COS, WIDE_SIN = seeded(B, 1, S, 64), seeded(B, 1, S, 32), seeded(B, 1, S, 32, seed=3)
SCALES = {
    "k_rope_scale": Fixed(torch.arange(1, 33) / 2.0),
    "c_kv_scale": Fixed(torch.arange(1, RANK + 1) / 4.0),
}
GIVEN = (KV, GAMMA, COS, SIN)
BLOCKS = (*GIVEN, SLOTS, K_CACHE, CKV_CACHE)
OUT = {"is_output_kv": True}

CACHES = [
    Case("npu_kv_rmsnorm_rope_cache", (*GIVEN, torch.tensor([[0, 1, 2], [6, 3, 4]]), *NORM_CACHES),
        kv_cache, {"cache_mode": "Norm"}, HALVES, 4, "by sequence"),
    *(
        Case("npu_kv_rmsnorm_rope_cache", (*GIVEN, STARTS if "BLK" in mode else SLOTS, K_CACHE,
            CKV_CACHE), kv_cache, {"cache_mode": mode, **OUT}, HALVES, 4, mode)
        for mode in ("PA", "PA_BNSD", "PA_NZ", "PA_BLK_BNSD", "PA_BLK_NZ")
    ),
    *(
        Case("npu_kv_rmsnorm_rope_cache", (INT8_KV, GAMMA, WIDE_COS, WIDE_SIN, SLOTS,
            *INT8_CACHES), kv_cache, {"cache_mode": mode, **OUT, **SCALES}, (torch.bfloat16,), 4,
            f"int8 {mode}")
        for mode in ("PA_BNSD", "PA_NZ")
    ),
    Case("npu_kv_rmsnorm_rope_cache_v2", BLOCKS, kv_cache_v2, {"cache_mode": "PA", **OUT}, HALVES,
        4),
]  # fmt: skip


def kv_cache_copies(kv, gamma, cos, sin, index, k_cache, ckv_cache, **options):
    caches = k_cache.clone(), ckv_cache.clone()
    return *kv_cache(kv, gamma, cos, sin, index, *caches, **options)[2:], *caches


CACHES.append(
    Case("npu_kv_rmsnorm_rope_cache_v2_functional", BLOCKS, kv_cache_copies,
        {"cache_mode": "PA", **OUT}, HALVES, 4)
)  # fmt: skip

# ---- queries ----

HIDDEN, RANK_Q, HEADS, DEPTH = 24, 12, 2, 8
COLUMNS = HEADS * (DEPTH + ROPE)


def prolog(
    x, w_dq, w_uq_qr, w_uk, w_dkv_kr, gamma_cq, gamma_ckv, sin, cos, index, kv_cache, kr_cache, *,
    dequant_scale_x=None, dequant_scale_w_dq=None, dequant_scale_w_uq_qr=None,
    dequant_scale_w_dkv_kr=None, quant_scale_ckv=None, quant_scale_ckr=None, smooth_scales_cq=None,
    cache_mode="PA_BSND", qc_qr_scale=1.0, kc_scale=1.0,
):  # fmt: skip
    """Also cq and its scale, as the latest version returns them."""

    def product(a, b, rows, columns):
        found = a.double() @ b.double()
        return (found * (1 if rows is None else rows) * (1 if columns is None else columns)).float()

    tokens = x.reshape(-1, x.shape[-1])
    angles = cos.reshape(len(tokens), 1, -1), sin.reshape(len(tokens), 1, -1)
    cq = norm(product(tokens, w_dq, dequant_scale_x, dequant_scale_w_dq), gamma_cq) * qc_qr_scale
    scale = None
    if w_uq_qr.dtype == torch.int8:
        cq = cq if smooth_scales_cq is None else cq * smooth_scales_cq
        scale = cq.abs().amax(-1, keepdim=True) / 127
        cq = (cq / scale).round()
    both = product(cq, w_uq_qr, scale, dequant_scale_w_uq_qr).unflatten(-1, (HEADS, -1))
    query = torch.einsum("tnd,ndr->tnr", both[..., :DEPTH], w_uk)
    query_rope = rotate(both[..., DEPTH:], *angles)
    query_scale = None
    if x.dtype == torch.int8 and quant_scale_ckv is not None:
        query_scale = query.abs().amax(-1, keepdim=True) / 127
        query = (query / query_scale).round()
        query_rope = query_rope * quant_scale_ckv.flatten()[0] / query_scale
    down = product(tokens, w_dkv_kr, dequant_scale_x, dequant_scale_w_dkv_kr)
    latent = norm(down[:, :RANK], gamma_ckv) * kc_scale
    turned = rotate(down[:, RANK:].unsqueeze(1), *angles).squeeze(1)
    latent = latent if quant_scale_ckv is None else to_int8(latent * quant_scale_ckv.flatten())
    turned = turned if quant_scale_ckr is None else to_int8(turned * quant_scale_ckr.flatten())
    for i, slot in enumerate(index.flatten().tolist()):
        place(latent[i], kv_cache, slot, cache_mode == "PA_NZ")
        place(turned[i], kr_cache, slot, cache_mode == "PA_NZ")
    lead = x.shape[:-1]
    return (
        query.reshape(*lead, HEADS, -1), query_rope.reshape(*lead, HEADS, -1), kv_cache, kr_cache,
        query_scale, cq.reshape(*lead, -1), scale,
    )  # fmt: skip


def prolog_v1(*args, **kwargs):
    return prolog(*args, **kwargs)[:4]


def prolog_v2(*args, **kwargs):
    return prolog(*args, **kwargs)[:5]


def prolog_v3(*args, cache_index, query_norm_flag=False, **kwargs):
    modes = ("weight_quant_mode", "kv_cache_quant_mode")
    options = {name: value for name, value in kwargs.items() if name not in modes}
    q, q_rope, kv, kr, scale, cq, cq_scale = prolog(*args[:9], cache_index, *args[9:], **options)
    empty = torch.empty(0)
    kept = (cq, empty if cq_scale is None else cq_scale) if query_norm_flag else (empty, empty)
    return q, q_rope, empty if scale is None else scale, *kept, kv, kr


def prolog_v3_changes(*args, **kwargs):
    return prolog_v3(*args, **kwargs)[:5]


def prolog_v3_copies(*args, **kwargs):
    return prolog_v3(*args[:9], args[9].clone(), args[10].clone(), **kwargs)


def small(*shape, seed):
    return seeded(*shape, seed=seed) / 4


WEIGHTS = (
    small(HIDDEN, RANK_Q, seed=1), small(RANK_Q, COLUMNS, seed=2), small(HEADS, DEPTH, RANK,
    seed=3), small(HIDDEN, RANK + ROPE, seed=4), 1 + small(RANK_Q, seed=5), 1 + small(RANK, seed=6),
)  # fmt: skip
ANGLES = (small(5, ROPE, seed=7), small(5, ROPE, seed=8))
PLACES = torch.tensor([3, 8, 22, 0, 13])
GRID = (small(5, ROPE, seed=7)[:4].reshape(2, 2, -1), small(5, ROPE, seed=8)[:4].reshape(2, 2, -1))
X = seeded(5, HIDDEN)
INT8_X = Fixed(integers(-99, 99, (5, HIDDEN), torch.int8))
INT8_WEIGHTS = [
    Fixed(integers(-99, 99, tuple(weight.shape), torch.int8, seed=i))
    for i, weight in enumerate(WEIGHTS[:4])
]
ROWS = {"dequant_scale_x": Fixed(seeded(5, 1).abs() / 99)}
PARTLY = {
    "dequant_scale_w_uq_qr": Fixed(seeded(1, COLUMNS).abs() / 99),
    "smooth_scales_cq": Fixed(1 + seeded(1, RANK_Q).abs()),
}
WHOLLY = {
    **ROWS, **PARTLY,
    "dequant_scale_w_dq": Fixed(seeded(1, RANK_Q, seed=1).abs() / 99),
    "dequant_scale_w_dkv_kr": Fixed(seeded(1, RANK + ROPE, seed=2).abs() / 99),
}  # fmt: skip
PARTLY_INT8 = (WEIGHTS[0], INT8_WEIGHTS[1], *WEIGHTS[2:])
WHOLLY_INT8 = (*INT8_WEIGHTS[:2], WEIGHTS[2], INT8_WEIGHTS[3], *WEIGHTS[4:])
KV_INT8 = Fixed(torch.zeros(6, SIZE, 1, RANK, dtype=torch.int8))
KR_INT8 = Fixed(torch.zeros(6, SIZE, 1, 32, dtype=torch.int8))
CKV_SCALE = {"quant_scale_ckv": Fixed(torch.full((1, RANK), 20.0))}
PLAIN = (X, *WEIGHTS, *ANGLES, PLACES, K_CACHE.new_zeros(6, SIZE, 1, RANK), K_CACHE)

PROLOGS = [
    Case("npu_mla_prolog", PLAIN, prolog_v1, dtypes=BF16, tolerance=3),
    Case("npu_mla_prolog_v2", PLAIN, prolog_v2, dtypes=BF16, tolerance=3),
    Case("npu_mla_prolog_v2", (X[:4].reshape(2, 2, -1), *WEIGHTS, *GRID, PLACES[:4].reshape(2, 2),
        CKV_CACHE, K_CACHE), prolog_v2, {"cache_mode": "PA_NZ"}, BF16, 3, "by sequence, NZ"),
    Case("npu_mla_prolog_v2", (X, *PARTLY_INT8, *ANGLES, PLACES, CKV_CACHE, K_CACHE), prolog_v2,
        PARTLY, BF16, 4, "an int8 weight"),
    Case("npu_mla_prolog_v2", (INT8_X, *WHOLLY_INT8, *ANGLES, PLACES, KV_INT8, K_CACHE), prolog_v2,
        {**WHOLLY, **CKV_SCALE}, BF16, 4, "int8"),
    Case("npu_mla_prolog_v3", (*PLAIN[:9], CKV_CACHE, K_CACHE), prolog_v3_changes, {"cache_index":
        PLACES, "query_norm_flag": True, "qc_qr_scale": 2.0, "kc_scale": 0.5}, BF16, 4),
    Case("npu_mla_prolog_v3", (INT8_X, *WHOLLY_INT8, *ANGLES, KV_INT8, K_CACHE), prolog_v3_changes,
        {"cache_index": PLACES, "query_norm_flag": True, "weight_quant_mode": 2,
        "kv_cache_quant_mode": 1, **WHOLLY, **CKV_SCALE}, BF16, 4, "int8"),
    Case("npu_mla_prolog_v3_functional", (*PLAIN[:9], CKV_CACHE, K_CACHE), prolog_v3_copies,
        {"cache_index": PLACES}, BF16, 4),
]  # fmt: skip

CASES = CACHES + PROLOGS
