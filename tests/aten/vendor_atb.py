"""Cases of what Ascend Transformer Boost offers: results go into given tensors."""

import torch
from vendor_attention import attend
from vendor_caches import CACHES, SLOTS, scatter_cache
from vendor_case import HALVES, Case, Fixed, integers, seeded

N, NK, D, SIZE = 4, 2, 8, 4
TABLE = torch.tensor([[3, 1, 5], [0, 2, 4]], dtype=torch.int32)
KEYS, VALUES = seeded(6, SIZE, NK, D, seed=1), seeded(6, SIZE, NK, D, seed=2)


def by_head(tokens: torch.Tensor) -> torch.Tensor:
    """[tokens, heads, depth] as [1, heads, tokens, depth]."""
    return tokens.transpose(0, 1)[None]


def reshape_and_cache(key, value, key_cache, value_cache, slots):
    return scatter_cache(key, value, key_cache, value_cache, slots, cache_mode="Norm")


def paged(query, keys, values, key_heads, heads, scale, table, lengths, out, workspace=None):
    mask = torch.zeros(len(query), int(lengths.max()))
    ones = torch.ones(len(query), dtype=torch.int32)
    return splitfuse(query, keys, values, table, lengths, mask, ones, key_heads, heads, scale, out)


def splitfuse(query, keys, values, table, lengths, mask, new, key_heads, heads, scale, out):
    begin = 0
    for b, (length, count) in enumerate(zip(lengths.tolist(), new.tolist(), strict=True)):
        rows = slice(begin, begin + count)
        k, v = (by_head(t[table[b].long()].flatten(0, 1)[:length]) for t in (keys, values))
        hidden = mask[rows, :length] != 0
        out[rows] = attend(by_head(query[rows]), k, v, scale, hidden)[0][0].transpose(0, 1)
        begin += count
    return ()


def workspace(query, *rest):
    return torch.empty(0, dtype=torch.uint8)


def prompts(query, key, value, mask, lengths, scale, heads, key_heads, out):
    begin = 0
    for b, length in enumerate(lengths.tolist()):
        rows = slice(begin, begin + length)
        own = mask[b] if mask.dim() == 3 else mask
        q, k, v = (by_head(t[rows]) for t in (query, key, value))
        found = attend(q, k, v, scale, own[:length, :length] != 0)[0]
        out[rows] = found[0].transpose(0, 1)
        begin += length
    return ()


def unpadded(query, key, value, lengths, *rest):
    return prompts(query, key, value, torch.zeros(len(query), len(query)), lengths, *rest)


def rotate(positions, query, key, head_size, cache, by_halves):
    cos, sin = cache[positions.flatten().long()].unsqueeze(1).chunk(2, -1)
    depth = cache.shape[-1]
    for tensor in (query, key):
        heads = tensor.reshape(len(tensor), -1, head_size)
        part = heads[..., :depth]
        first, second = part.chunk(2, -1) if by_halves else part.unflatten(-1, (-1, 2)).unbind(-1)
        turned = first * cos - second * sin, second * cos + first * sin
        whole = torch.cat(turned, -1) if by_halves else torch.stack(turned, -1).flatten(-2)
        tensor.copy_(torch.cat((whole, heads[..., depth:]), -1).reshape(tensor.shape))
    return ()


def group_topk(scores, k=0, group_num=1, n=1):
    groups = scores.unflatten(1, (group_num, -1))
    worth = groups.sort(-1, descending=True).values[..., :n].sum(-1)
    order = worth.sort(dim=-1, descending=True, stable=True).indices
    for row, kept in zip(groups, order[:, :k].tolist(), strict=True):
        row[[i for i in range(group_num) if i not in kept]] = 0
    return ()


def matmul_add(x, weight, total):
    total += x.T @ weight
    return ()


def lengths(*values: int) -> Fixed:
    return Fixed(torch.tensor(values, dtype=torch.int32), device="cpu")


QUERY = seeded(2, N, D)
TOKENS, PROMPT_K, PROMPT_V = seeded(7, N, D), seeded(7, NK, D, seed=1), seeded(7, NK, D, seed=2)
CAUSAL = torch.ones(5, 5).triu(1)
BLIND = torch.full((7, 12), -10000.0)
for row, seen in enumerate((5, 6, 7, 8, 9, 2, 3)):
    BLIND[row, :seen] = 0
ANGLES = seeded(9, 6, seed=7)
SCORES = integers(-9, 9, (5, 12), torch.float32, seed=4) / 4

CASES = [
    Case("atb::_npu_reshape_and_cache", (seeded(3, 2, 16), seeded(3, 2, 16, seed=3), *CACHES,
        SLOTS), reshape_and_cache),
    Case("atb::_npu_reshape_and_cache", (seeded(3, 2, 16), seeded(3, 2, 4), CACHES[0], seeded(4, 3,
        2, 4), SLOTS), reshape_and_cache, note="depths"),
    *(
        Case("atb::_npu_paged_attention", (QUERY, KEYS, VALUES, NK, N, 0.5, TABLE, held,
            torch.zeros(2, N, D)), paged, dtypes=HALVES, tolerance=3, note=note)
        for note, held in (("", lengths(9, 3)), ("on device", lengths(12, 1).tensor))
    ),
    Case("atb::_npu_paged_attention", (QUERY, KEYS.repeat(1, 1, 2, 1), VALUES.repeat(1, 1, 2, 1), 0,
        N, 0.5, TABLE, lengths(9, 3), torch.zeros(2, N, D)), paged, {"workspace": torch.zeros(0)},
        HALVES, 3, "all heads"),
    Case("atb::_npu_paged_attention_get_workspace", (QUERY, KEYS, VALUES, NK, N, 0.5, TABLE,
        lengths(9, 3).tensor, torch.zeros(2, N, D)), workspace, dtypes=HALVES),
    Case("atb::_npu_paged_attention_splitfuse", (TOKENS, KEYS, VALUES, TABLE, lengths(9, 3), BLIND,
        lengths(5, 2), NK, N, 0.5, torch.zeros(7, N, D)), splitfuse, dtypes=HALVES, tolerance=3),
    Case("atb::_npu_paged_attention_splitfuse", (TOKENS, KEYS, VALUES, TABLE, lengths(9, 3),
        BLIND[:, :9], lengths(5, 2), NK, N, 0.5, torch.zeros(7, N, D)), splitfuse, dtypes=HALVES,
        tolerance=3, note="narrow mask"),
    Case("atb::_npu_flash_attention", (TOKENS, PROMPT_K, PROMPT_V, CAUSAL, lengths(5, 2), 0.5, N,
        NK, torch.zeros(7, N, D)), prompts, dtypes=HALVES, tolerance=3),
    Case("atb::_npu_flash_attention", (TOKENS, PROMPT_K, PROMPT_V, torch.stack((CAUSAL, CAUSAL.T *
        -10000)), lengths(5, 2), 0.5, N, NK, torch.zeros(7, N, D)), prompts, dtypes=HALVES,
        tolerance=3, note="a mask each"),
    Case("atb::_npu_flash_attention_unpad", (TOKENS, PROMPT_K, PROMPT_V, lengths(5, 2), 0.5, N, NK,
        torch.zeros(7, N, D)), unpadded, dtypes=HALVES, tolerance=3),
    *(
        Case("atb::_npu_rotary_embedding", (torch.tensor([3, 0, 8]), query, key, 8, ANGLES, neox),
            rotate, note=note, tolerance=2)
        for note, query, key, neox in (
            ("halves", seeded(3, 16), seeded(3, 8, seed=2), True),
            ("neighbours", seeded(3, 2, 8), seeded(3, 1, 8, seed=2), False),
        )
    ),
    *(
        Case("atb::_npu_group_topk", (SCORES,), group_topk, {"k": k, "group_num": 4, "n": n},
            note=f"{k} of 4, {n}")
        for k, n in ((2, 1), (1, 3), (0, 1))
    ),
    Case("atb::_npu_matmul_add_fp32", (seeded(6, 4), seeded(6, 5, seed=1), Fixed(seeded(4, 5,
        seed=2))), matmul_add, dtypes=HALVES),
]  # fmt: skip
