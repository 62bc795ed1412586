"""Cases of mixture of experts, of products of groups and of sampling."""

import torch
from torch.nn import functional as F
from vendor_case import FLOATS, HALVES, Case, Fixed, integers, seeded

# ---- gating ----


def gating(
    x,
    k,
    *,
    bias=None,
    k_group=1,
    group_count=1,
    group_select_mode=0,
    renorm=0,
    norm_type=0,
    out_flag=False,
    routed_scaling_factor=1.0,
    eps=1e-20,
):
    scores = torch.sigmoid(x) if norm_type else torch.softmax(x, -1)
    ranked = scores if bias is None else scores + bias
    groups = ranked.unflatten(-1, (group_count, -1))
    worth = groups.amax(-1) if group_select_mode == 0 else groups.topk(2).values.sum(-1)
    chosen = torch.zeros_like(worth).scatter(-1, worth.topk(k_group).indices, 1.0)
    ranked = groups.masked_fill(chosen.unsqueeze(-1) == 0, -torch.inf).flatten(-2)
    index = ranked.topk(k).indices
    weights = scores.gather(-1, index)
    if norm_type or renorm:
        weights = weights / (weights.sum(-1, keepdim=True) + eps)
    return weights * routed_scaling_factor, index.int(), scores if out_flag else None


def gating_softmax(x, finished=None, k=1):
    values, index = torch.softmax(x, -1).topk(k)
    if finished is not None:
        index = index.masked_fill(finished.unsqueeze(-1), x.shape[-1])
    rows = torch.arange(index.numel()).reshape(k, -1).t().reshape(index.shape)
    return values, index.int(), rows.int()


SCORES = seeded(5, 8)
# In half precision equal scores may be ranked otherwise.
GATING = [
    Case("npu_moe_gating_top_k", (SCORES, 3), gating, {"out_flag": True}, (torch.float32,)),
    Case("npu_moe_gating_top_k", (SCORES, 3), gating, {"bias": seeded(8, seed=1), "k_group": 2,
        "group_count": 4, "group_select_mode": 1, "norm_type": 1, "routed_scaling_factor": 2.5},
        (torch.float32,), note="groups"),
    Case("npu_moe_gating_top_k_softmax", (SCORES, None, 2), gating_softmax,
        dtypes=(torch.float32,)),
    Case("npu_moe_gating_top_k_softmax", (seeded(2, 3, 8), integers(0, 2, (2, 3), torch.bool), 2),
        gating_softmax, dtypes=(torch.float32,), note="finished"),
]  # fmt: skip

# ---- sorting by expert ----


def init_routing(
    x,
    experts,
    *,
    scale=None,
    active_num=-1,
    expert_num=-1,
    expert_tokens_num_type=0,
    expert_tokens_num_flag=False,
    active_expert_range=(),
    row_idx_type=0,
    **_,
):
    begin, end = active_expert_range or (0, expert_num)
    flat = experts.flatten().long()
    here = (flat >= begin) & (flat < end)
    source = torch.argsort(flat.masked_fill(~here, 2**30), stable=True)
    count = int(here.sum())
    rows = torch.full((flat.numel(),), -1, dtype=torch.int32)
    if row_idx_type:
        rows[:count] = source[:count].int()
    else:
        rows[source[:count]] = torch.arange(count, dtype=torch.int32)
    tokens = source[:count] // experts.shape[1]
    out = torch.zeros(flat.numel(), x.shape[1])
    out[:count] = x[tokens]
    sizes = torch.bincount(flat[here] - begin, minlength=end - begin)
    sizes = sizes if expert_tokens_num_type else sizes.cumsum(0)
    return (
        out[:active_num] if active_num > 0 else out,
        rows,
        sizes if expert_tokens_num_flag else None,
        None,
    )


def permute(tokens, index, num_out_tokens=None, padded_mode=False):
    source = torch.argsort(index.flatten(), stable=True)
    count = (
        index.numel()
        if not num_out_tokens
        else num_out_tokens
        if num_out_tokens > 0
        else index.numel() + num_out_tokens
    )
    k = 1 if index.dim() == 1 else index.shape[1]
    return tokens[source[:count] // k], torch.argsort(source).int()


def unpermute(tokens, places, probs=None, padded_mode=False, restore_shape=None):
    k = 1 if probs is None else probs.shape[1]
    table = torch.cat((tokens, torch.zeros(places.numel(), tokens.shape[1])))  # dropped ones are 0
    rows = table[places.long()].unflatten(0, (-1, k))
    return (rows if probs is None else rows * probs.unsqueeze(-1)).sum(1)


def permute_grad(tokens, grad, index, places, padded_mode=False):
    tokens = tokens.detach().requires_grad_()
    return torch.autograd.grad(permute(tokens, index, grad.shape[0])[0], tokens, grad)[0]


def unpermute_grad(tokens, grad, places, probs=None, padded_mode=False, restore_shape=None):
    values = [t.detach().requires_grad_() for t in (tokens, probs) if t is not None]
    grads = torch.autograd.grad(unpermute(values[0], places, *values[1:]), values, grad)
    return (*grads, *[None] * (2 - len(grads)))


def finalize(expanded, skip1, skip2, bias, scales, rows, experts, drop_pad_mode=0, k=1):
    count, table = scales.shape[0], expanded.flatten(0, -2)
    k = scales.shape[1]
    index = (
        rows.long().reshape(k, count).t() if drop_pad_mode < 2 else rows.long().reshape(count, k)
    )
    parts = table[index.clamp(min=0)] * (index >= 0).unsqueeze(-1)
    if bias is not None:
        parts = parts + bias[experts.long()]
    out = (parts * scales.unsqueeze(-1)).sum(1)
    return out + sum(skip for skip in (skip1, skip2) if skip is not None)


TOKENS = seeded(4, 6)
EXPERTS = torch.tensor([[2, 0], [1, 2], [0, 3], [3, 1]], dtype=torch.int32)
PERMUTED, PLACES = permute(TOKENS, EXPERTS)
ORDER = torch.randperm(8, generator=torch.Generator().manual_seed(0)).int()

SORTING = [
    Case("npu_moe_init_routing_v2", (TOKENS, EXPERTS), init_routing, {"expert_num": 4,
        "expert_tokens_num_type": 1, "expert_tokens_num_flag": True}),
    Case("npu_moe_init_routing_v2", (TOKENS, EXPERTS), init_routing, {"expert_num": 4,
        "active_expert_range": [1, 3], "row_idx_type": 1, "active_num": 6,
        "expert_tokens_num_flag": True}, note="some experts"),
    Case("npu_moe_token_permute", (TOKENS, EXPERTS), permute),
    Case("npu_moe_token_permute", (TOKENS, EXPERTS[:, 0].contiguous().long(), -1), permute,
        note="one expert"),
    Case("npu_moe_token_permute_grad", (TOKENS, seeded(5, 6), EXPERTS, PLACES), permute_grad),
    Case("npu_moe_token_unpermute", (PERMUTED, PLACES, seeded(4, 2)), unpermute),
    Case("npu_moe_token_unpermute", (PERMUTED, PLACES), unpermute, note="no weights"),
    Case("npu_moe_token_unpermute", (PERMUTED[:5], PLACES, seeded(4, 2)), unpermute,
        note="dropped"),
    Case("npu_moe_token_unpermute_grad", (PERMUTED, TOKENS, PLACES, seeded(4, 2)), unpermute_grad,
        tolerance=3),
    Case("npu_moe_token_unpermute_grad", (PERMUTED, seeded(8, 6), PLACES), unpermute_grad,
        note="no weights"),
    *(
        Case("npu_moe_finalize_routing", (seeded(8, 6), TOKENS, TOKENS + 1, seeded(4, 6, seed=3),
            seeded(4, 2), ORDER, EXPERTS, mode), finalize, note=str(mode), tolerance=3)
        for mode in (0, 2)
    ),
    Case("npu_moe_finalize_routing", (seeded(4, 2, 6), TOKENS, None, None, seeded(4, 2), ORDER - 1,
        None, 3), finalize, note="capacity", tolerance=3),
]  # fmt: skip

# ---- products of groups ----


def grouped(
    x,
    weight,
    *,
    bias=None,
    scale=None,
    per_token_scale=None,
    antiquant_scale=None,
    antiquant_offset=None,
    group_list=None,
    split_item=0,
    group_type=-1,
    group_list_type=0,
    act_type=0,
    output_dtype=None,
):
    def pick(tensors, i):
        return tensors[0][i] if len(tensors) == 1 else tensors[i]

    ends = group_list.cumsum(0) if group_list_type == 1 else group_list
    begins = [0, *ends.tolist()[:-1]] if ends is not None else []
    ranges = list(zip(begins, ends.tolist(), strict=True)) if ends is not None else []
    if group_type == 2:
        return [torch.stack([x[0][:, b:e] @ weight[0][b:e] for b, e in ranges])]
    parts = [x[0][b:e] for b, e in ranges] if ranges else x
    outs = []
    for i, part in enumerate(parts):
        matrix = pick(weight, i).float()
        if antiquant_scale is not None:
            matrix = (matrix + pick(antiquant_offset, i)) * pick(antiquant_scale, i)
        out = part.float() @ matrix
        if scale is not None:
            out = out * pick(scale, i).float()
        if per_token_scale is not None:
            out = out * per_token_scale[0][slice(*ranges[i])].unsqueeze(-1)
        if bias is not None:
            out = out + pick(bias, i)
        outs.append({0: lambda t: t, 1: F.relu, 5: F.silu}[act_type](out))
    return (
        outs
        if not ranges
        else [torch.cat([*outs, torch.zeros(len(x[0]) - ranges[-1][1], outs[0].shape[1])])]
    )


def grouped_swiglu(x, weight, ends, weight_scale, x_scale):
    out, scales = torch.zeros(len(x), weight.shape[2] // 2), torch.zeros(len(x))
    begin = 0
    for i, end in enumerate(ends.tolist()):
        product = (x[begin:end].double() @ weight[i].double()).float() * weight_scale[i]
        gate, value = (product * x_scale[begin:end].unsqueeze(-1)).chunk(2, -1)
        values = F.silu(gate) * value
        scales[begin:end] = values.abs().amax(-1) / 127
        out[begin:end] = (values / scales[begin:end].unsqueeze(-1)).round()
        begin = end
    return out.to(torch.int8), scales


def grouped_swiglu_v2(x, weight, weight_scale, x_scale, groups, *, group_list_type=0):
    ends = groups.cumsum(0) if group_list_type else groups
    return grouped_swiglu(x, weight[0], ends, weight_scale[0], x_scale)


def grouped_list(x, weight, *, bias=None, group_list=None, split_item=0):
    parts = x if group_list is None else x[0].tensor_split(group_list[:-1])
    outs = [part @ matrix for part, matrix in zip(parts, weight, strict=True)]
    if bias is not None:
        outs = [out + b for out, b in zip(outs, bias, strict=True)]
    return outs if split_item < 2 else [torch.cat(outs)]


def grouped_add(self, x, weight, group_list):
    begin = 0
    parts = self.view(len(group_list), x.shape[1], -1)
    for i, end in enumerate(group_list.tolist()):
        parts[i] += x[begin:end].t() @ weight[begin:end]
        begin = end
    return self


def top_k_top_p(logits, p=None, k=None):
    out = logits.clone()
    for i, row in enumerate(out):
        if k is not None:
            row[row < row.topk(int(k[i])).values[-1]] = -torch.inf
        if p is not None:
            order = row.argsort()
            sums = torch.softmax(row[order], -1).cumsum(-1)
            drop = sums <= 1 - p[i]
            drop[-1] = False
            row[order[drop]] = -torch.inf
    return out


ROWS, MATRICES = seeded(6, 4), seeded(3, 4, 5, seed=1)
ENDS = torch.tensor([2, 2, 5])
BYTES, BYTE_MATRICES = (
    integers(-9, 9, (6, 4), torch.int8),
    integers(-9, 9, (3, 4, 5), torch.int8, seed=1),
)
BYTE_MATRICES_2 = integers(-9, 9, (3, 4, 6), torch.int8, seed=2)
# Powers of two: no rounding that a narrower type would do otherwise.
SCALES = 2.0 ** integers(-4, 2, (3, 6), torch.float32)
ROW_SCALES = 2.0 ** integers(-4, 2, (6,), torch.float32, seed=1)

GROUPS = [
    Case("npu_grouped_matmul", ([ROWS], [MATRICES]), grouped, {"group_list": ENDS, "split_item": 2,
        "group_type": 0, "bias": [seeded(3, 5)]}, tolerance=3),
    Case("npu_grouped_matmul", ([ROWS], list(MATRICES)), grouped,
        {"group_list": ENDS.diff(prepend=torch.tensor([0])), "group_list_type": 1, "split_item": 3,
        "group_type": 0, "act_type": 5}, note="sizes", tolerance=3),
    Case("npu_grouped_matmul", ([ROWS, ROWS[:2]], [MATRICES[0], MATRICES[1, :, :3]]), grouped,
        note="lists", tolerance=3),
    Case("npu_grouped_matmul", ([ROWS.t()], [seeded(6, 5)]), grouped,
        {"group_list": torch.tensor([2, 6]), "split_item": 3, "group_type": 2}, note="columns",
        tolerance=3),
    Case("npu_grouped_matmul", ([BYTES], [BYTE_MATRICES]), grouped, {"group_list": ENDS,
        "split_item": 2, "group_type": 0, "scale": [Fixed(seeded(3, 5).abs().bfloat16())],
        "per_token_scale": [Fixed(seeded(6).abs())], "output_dtype": torch.bfloat16},
        (torch.bfloat16,), note="int8"),
    Case("npu_grouped_matmul", ([ROWS], [BYTE_MATRICES]), grouped, {"group_list": ENDS,
        "split_item": 2, "group_type": 0, "antiquant_scale": [seeded(3, 5)],
        "antiquant_offset": [seeded(3, 5, seed=1)]}, HALVES, 3, "int8 weight"),
    Case("npu_grouped_matmul", ([ROWS], list(MATRICES)), grouped_list,
        {"group_list": [2, 2, 6], "split_item": 3, "bias": list(seeded(3, 5))}, note="integers",
        tolerance=3, overload="List"),
    Case("npu_grouped_matmul", ([ROWS], list(MATRICES)), grouped_list,
        {"group_list": [1, 4, 6], "split_item": 1}, note="integers, lists", tolerance=3,
        overload="List"),
    Case("npu_grouped_matmul_swiglu_quant", (BYTES, BYTE_MATRICES_2, ENDS, Fixed(SCALES),
        Fixed(ROW_SCALES)), grouped_swiglu, dtypes=(torch.float32,), tolerance=3),
    Case("npu_grouped_matmul_swiglu_quant_v2", (BYTES, [BYTE_MATRICES_2], [SCALES],
        Fixed(ROW_SCALES), ENDS.diff(prepend=torch.tensor([0]))), grouped_swiglu_v2,
        {"group_list_type": 1}, dtypes=(torch.bfloat16,)),
    Case("npu_grouped_matmul_add_", (Fixed(seeded(8, 5)), ROWS, seeded(6, 5), torch.tensor([2,
        6])), grouped_add, dtypes=HALVES, tolerance=3),
]  # fmt: skip
SAMPLING = [
    Case("npu_top_k_top_p", (SCORES, Fixed(torch.tensor([0.3, 0.5, 0.7, 0.9, 1.0])),
        torch.tensor([1, 2, 8, 4, 3], dtype=torch.int32)), top_k_top_p, dtypes=(torch.float32,)),
    Case("npu_top_k_top_p", (SCORES, None, torch.tensor([1, 2, 8, 4, 3], dtype=torch.int32)),
        top_k_top_p, dtypes=FLOATS, note="k"),
]  # fmt: skip

CASES = GATING + SORTING + GROUPS + SAMPLING
