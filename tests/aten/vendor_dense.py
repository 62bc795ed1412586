"""Cases of activations, norms, losses and rotary embeddings."""

import torch
from torch.nn import functional as F
from vendor_case import Case, Fixed, integers, seeded

# ---- activations ----

X, G = seeded(3, 4, 8), seeded(3, 4, 4, seed=1)


def swiglu(x, dim=-1):
    left, right = x.chunk(2, dim)
    return F.silu(left) * right


def geglu(x, dim=-1, approximate=1, activate_left=False):
    left, right = x.chunk(2, dim)
    form = "tanh" if approximate else "none"
    gelu = F.gelu(left if activate_left else right, approximate=form)
    return gelu * (right if activate_left else left), gelu


def fast_gelu(x):
    return x * torch.sigmoid(1.702 * x)


def gelu(x, *, approximate="none"):
    return F.gelu(x, approximate=approximate)


def clipped_swiglu(
    x, *, group_index=None, dim=-1, alpha=1.702, limit=7.0, bias=1.0, interleaved=True
):
    table = x.reshape(x.shape[:dim].numel(), -1)
    gate, up = (table[:, ::2], table[:, 1::2]) if interleaved else table.chunk(2, 1)
    gate, up = gate.clamp(max=limit), up.clamp(-limit, limit)
    shape = list(x.shape)
    shape[dim] //= 2
    out = (gate * torch.sigmoid(alpha * gate) * (up + bias)).reshape(shape)
    return out if group_index is None else out[: int(group_index.sum())]


def gradient_of(function, position=1):
    """The gradient with respect to argument `position - 1`, as the backward operator takes it."""

    def backward(grad, *args, **kwargs):
        values = list(args)
        values[position - 1] = values[position - 1].detach().requires_grad_()
        out = function(*values, **kwargs)
        out = out[0] if isinstance(out, tuple) else out
        return torch.autograd.grad(out, values[position - 1], grad)[0]

    return backward


ACTIVATIONS = [
    Case("npu_swiglu", (X,), swiglu),
    Case("npu_swiglu", (X, 1), swiglu, note="dim"),
    Case("npu_swiglu_backward", (G, X), gradient_of(swiglu)),
    Case("npu_geglu", (X,), geglu),
    Case("npu_geglu", (X, 1, 0, True), geglu, note="left"),
    Case("npu_geglu_grad", (G, X, Fixed(geglu(X)[1])), lambda g, x, _, *a: gradient_of(geglu)(g, x,
        *a), dtypes=(torch.float32,)),
    Case("npu_gelu", (X,), gelu),
    Case("npu_gelu", (X,), gelu, {"approximate": "tanh"}, note="tanh"),
    Case("npu_gelu_backward", (X + 1, X), gradient_of(gelu), {"approximate": "tanh"}),
    Case("npu_fast_gelu", (X,), fast_gelu),
    Case("npu_fast_gelu_backward", (X + 1, X), gradient_of(fast_gelu)),
    Case("npu_clipped_swiglu", (5 * X,), clipped_swiglu),
    Case("npu_clipped_swiglu", (5 * X,), clipped_swiglu, {"dim": 1, "interleaved": False,
        "limit": 2.0, "bias": 0.5}, note="halves"),
]  # fmt: skip

# ---- norms, softmax and losses ----

ROWS, SHIFT, GAMMA = seeded(3, 5, 8), seeded(3, 5, 8, seed=1), seeded(8, seed=2)
EPS = 1e-6


def rms_norm(x, gamma, epsilon=EPS):
    dims = tuple(range(-gamma.dim(), 0))
    rstd = (x.square().mean(dims, keepdim=True) + epsilon).rsqrt()
    return x * rstd * gamma, rstd.detach()


def rms_norm_backward(dy, x, gamma, rstd):
    x, gamma = x.detach().requires_grad_(), gamma.detach().requires_grad_()
    return torch.autograd.grad(rms_norm(x, gamma)[0], (x, gamma), dy)


def add_rms_norm(x1, x2, gamma, epsilon=EPS):
    return *rms_norm(x1 + x2, gamma, epsilon), x1 + x2


SCORES = seeded(2, 3, 4, 4)
MASK = integers(0, 2, (2, 1, 4, 4), torch.bool)


def masked_softmax(x, mask, scale=1, fixed_triu_mask=False):
    mask = torch.ones(x.shape[-2:], dtype=torch.bool).triu(1) if fixed_triu_mask else mask
    return torch.softmax((x * scale).masked_fill(mask, -10000), -1)


def masked_softmax_backward(grad, y, mask, scale, fixed):
    inner = (grad * y).sum(-1, keepdim=True)
    return (y * (grad - inner) * scale).masked_fill(mask, 0)


LOGITS, WEIGHT = seeded(5, 6), seeded(6, seed=3).abs()
TARGET = torch.tensor([0, 5, -100, 2, 2])


def cross_entropy(
    x, target, weight=None, reduction="mean", ignore_index=-100, label_smoothing=0.0, *_
):
    loss = F.cross_entropy(
        x,
        target,
        weight,
        reduction=reduction,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
    )
    return loss.reshape(-1), F.log_softmax(x, -1).detach(), None, None


def cross_entropy_backward(grad, log_prob, target, weight=None, *, reduction="mean", **options):
    # The softmax of log_prob is that of the scores.
    scores = log_prob.detach().requires_grad_()
    loss = cross_entropy(scores, target, weight, reduction, **options)[0]
    return torch.autograd.grad(loss, scores, grad)[0]


NORMS = [
    Case("npu_rms_norm", (ROWS, GAMMA), rms_norm),
    Case("npu_rms_norm", (ROWS, seeded(5, 8), 1e-2), rms_norm, note="two dimensions"),
    Case("npu_rms_norm_backward", (SHIFT, ROWS, GAMMA, Fixed(rms_norm(ROWS, GAMMA)[1])),
        rms_norm_backward, tolerance=5),
    Case("npu_add_rms_norm", (ROWS, SHIFT, GAMMA), add_rms_norm, tolerance=3),
    Case("npu_scaled_masked_softmax", (SCORES, MASK, 0.5), masked_softmax),
    Case("npu_scaled_masked_softmax", (SCORES, MASK, 0.5, True), masked_softmax, note="triangle"),
    Case("npu_scaled_masked_softmax_backward", (seeded(2, 3, 4, 4, seed=4), masked_softmax(SCORES,
        MASK), MASK, 0.5, False), masked_softmax_backward),
    *(
        Case("npu_cross_entropy_loss", (LOGITS, TARGET, weight, reduction, -100, smoothing),
            cross_entropy, note=f"{reduction}-{smoothing}", tolerance=3)
        for reduction in ("mean", "sum", "none")
        for weight, smoothing in ((None, 0.0), (Fixed(WEIGHT), 0.1))
    ),
    Case("npu_cross_entropy_loss_backward", (torch.ones(1), F.log_softmax(LOGITS, -1), TARGET,
        Fixed(WEIGHT)), cross_entropy_backward, {"label_smoothing": 0.1}),
]  # fmt: skip

# ---- rotary embeddings ----

HEADS, KEYS = seeded(2, 4, 3, 8), seeded(2, 4, 1, 8, seed=1)
COS, SIN = seeded(2, 4, 1, 8, seed=2), seeded(2, 4, 1, 8, seed=3)


def rotated(x, mode):
    if mode == "half":
        a, b = x.chunk(2, -1)
        return torch.cat((-b, a), -1)
    if mode == "interleave":
        return torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)
    return torch.cat([rotated(part, "half") for part in x.chunk(2, -1)], -1)


def rotary(x, cos, sin, mode="half"):
    return x * cos + rotated(x, mode) * sin


def rotary_backward(grad, x, cos, sin, mode="half"):
    values = [value.detach().requires_grad_() for value in (x, cos, sin)]
    return torch.autograd.grad(rotary(*values, mode), values, grad)


def interleave_rope(x, cos, sin):
    return rotary(torch.cat((x[..., ::2], x[..., 1::2]), -1), cos, sin)


def mrope(
    positions,
    query,
    key,
    cache,
    size,
    *,
    mrope_section=None,
    rotary_mode="half",
    cache_mode="default",
):
    cos, sin = cache[positions.long()].chunk(2, -1)
    if positions.dim() == 2:
        cos, sin = (
            torch.cat([part[i] for i, part in enumerate(t.split(mrope_section, -1))], -1)
            for t in (cos, sin)
        )

    def turn(x):
        heads = x.unflatten(-1, (-1, size))
        part, rest = heads.split([2 * cos.shape[-1], size - 2 * cos.shape[-1]], -1)
        wide = (
            (lambda t: torch.cat((t, t), -1))
            if rotary_mode == "half"
            else (lambda t: t.repeat_interleave(2, -1))
        )
        turned = rotary(part, wide(cos).unsqueeze(1), wide(sin).unsqueeze(1), rotary_mode)
        return torch.cat((turned, rest), -1).flatten(-2)

    return turn(query), turn(key)


TABLE = seeded(7, 6)
ROTARY = [
    Case("npu_rotary_mul", (HEADS, COS, SIN), rotary),
    Case("npu_rotary_mul", (HEADS, COS, SIN, "interleave"), rotary, note="interleave", tolerance=2),
    Case("npu_rotary_mul_backward", (seeded(2, 4, 3, 8, seed=5), HEADS, COS, SIN, "interleave"),
        rotary_backward, tolerance=3),
    *(
        Case("npu_apply_rotary_pos_emb", (HEADS, KEYS, COS, SIN, "BSND", mode), lambda q, k, c, s,
            _, m: (rotary(q, c, s, m), rotary(k, c, s, m)), note=mode, tolerance=2)
        for mode in ("half", "interleave", "quarter")
    ),
    Case("npu_interleave_rope", (HEADS, COS, SIN), interleave_rope, dtypes=(torch.float16,
        torch.bfloat16), tolerance=2),
    Case("npu_mrope", (torch.tensor([3, 0, 6]), seeded(3, 16), seeded(3, 8), TABLE, 8), mrope,
        tolerance=2),
    Case("npu_mrope", (integers(0, 7, (3, 5), torch.int32), seeded(5, 16), seeded(5, 8), TABLE, 8),
        mrope, {"mrope_section": [1, 1, 1], "rotary_mode": "interleave"}, note="sections",
        tolerance=2),
]  # fmt: skip

CASES = ACTIVATIONS + NORMS + ROTARY
