"""Samples of the later versions of attention of training: shift, sink, more depth for scores."""

import torch
import vendor_attention as attention
from sample import Out, seeded

FULL = 2**31 - 1
N, S, K = attention.N, attention.S, attention.K
HEADS = (attention.Q, attention.KEY, attention.V)
SHIFT, SINK = seeded(1, N, S, K), attention.SINK.tensor
TOKENS = tuple(t.to(torch.bfloat16) for t in (attention.T_Q, attention.T_K, attention.T_K + 1))
ROPES = tuple(seeded(*size, 4, dtype=torch.bfloat16) for size in ((7, N), (9, 2)))
ENDS = list(attention.ENDS.values())


def _options(layout: str, kind: int) -> list:
    return [0.5, 1.0, FULL, FULL, N, layout, 0, 0, kind]


def outs(values, tolerance: float = 1e-4) -> list[Out]:
    return [Out(value.detach().contiguous(), tolerance) for value in values]


def gradients(function, values: list[torch.Tensor], seed: torch.Tensor) -> list[torch.Tensor]:
    leaves = [value.detach().float().requires_grad_() for value in values]
    return torch.autograd.grad(function(*leaves), leaves, seed.float())


def _dense(sink: bool) -> list[tuple[str, list]]:
    def run(q, k, v, shift, extra=None):
        return attention.fusion(q, k, v, N, "BNSD", shift, None, None, 0.5, pse_type=0, sink=extra)

    given = [*HEADS, SHIFT, *([SINK] if sink else [])]
    found = run(*given)
    grad = seeded(*found[0].shape, seed=5)
    made = gradients(lambda *values: run(*values)[0], given, grad)
    extra, version = ([SINK], "V3") if sink else ([], "V2")
    options = [None, None, None, *_options("BNSD", 0)]
    statistics = [found[1].contiguous(), found[2].contiguous()]
    return [
        (f"aclnnFlashAttentionScore{version}", [*HEADS, SHIFT, None, None, None, *extra, *options,
            *outs(found[1:3]), None, *outs(found[:1])]),
        (f"aclnnFlashAttentionScoreGrad{version}", [*HEADS, grad, SHIFT, None, None, None,
            *statistics, None, found[0], *extra, *options, *outs(made)]),
    ]  # fmt: skip


def _packed(sink: bool) -> list[tuple[str, list]]:
    def run(q, k, v, q_rope, k_rope, extra=None):
        return attention.packed(q, k, v, N, "TND", scale=0.5, query_rope=q_rope, key_rope=k_rope,
            sink=extra, **attention.ENDS)  # fmt: skip

    given = [*TOKENS, *ROPES, *([SINK] if sink else [])]
    found = run(*(value.float() for value in given))
    grad = seeded(*found[0].shape, dtype=torch.bfloat16, seed=5)
    q, k, v, q_rope, k_rope, *of_sink = (
        Out(value.to(torch.bfloat16), 4e-2)
        for value in gradients(lambda *values: run(*values)[0], given, grad)
    )
    extra, version, layout = ([SINK], "V5", [""]) if sink else ([], "V3", [])
    options = [None, *ENDS, None, None, *_options("TND", 1), *layout]
    joined = [TOKENS[0], ROPES[0], TOKENS[1], ROPES[1], TOKENS[2]]
    statistics = [value.detach().contiguous() for value in found[1:3]]
    out = found[0].to(torch.bfloat16)
    return [
        (f"aclnnFlashAttentionVarLenScore{version}", [*joined, None, None, None, None, *extra,
            *options, *outs(statistics, 1e-3), None, Out(out, 4e-2)]),
        (f"aclnnFlashAttentionUnpaddingScoreGrad{version}", [*joined, grad, None, None, None, None,
            *statistics, None, out, *extra, *options, q, q_rope, k, k_rope, v, None,
            *(Out(value.expected.float(), 4e-2) for value in of_sink)]),
    ]  # fmt: skip


def _varied(version: str) -> list[tuple[str, list]]:
    """Sequences without a rope: with slopes (V2), or a layout of the statistics (V4)."""
    slopes = attention.MORE_SLOPES.tensor if version == "V2" else None
    heads = [attention.T_Q, attention.T_K[:7], attention.T_K[:7] + 1]
    ends = list(attention.EQUAL.values())

    def run(q, k, v):
        return attention.packed(q, k, v, N, "TND", scale=0.5, pse=slopes, pse_type=2,
            **attention.EQUAL)  # fmt: skip

    found = run(*heads)
    grad = seeded(*found[0].shape, seed=5)
    made = outs(gradients(lambda *values: run(*values)[0], heads, grad))
    options = _options("TND", 2)
    if slopes is None:
        prefix, before, after = [None, *ends, *options[:-1]], ["same_as_input"], ["same_as_input"]
    else:
        prefix, before, after = [None, *ends, [0], [0], *options], [], []
    statistics = [value.detach().contiguous() for value in found[1:3]]
    return [
        (f"aclnnFlashAttentionVarLenScore{version}", [*heads, slopes, None, None, None, *prefix,
            *before, *outs(found[1:3]), None, *outs(found[:1])]),
        (f"aclnnFlashAttentionUnpaddingScoreGrad{version}", [*heads, grad, slopes, None, None,
            None, *statistics, None, found[0], *prefix, *made, None, *after]),
    ]  # fmt: skip


def samples() -> list[tuple[str, list]]:
    return [
        *_dense(False), *_dense(True), *_packed(False), *_packed(True), *_varied("V2"),
        *_varied("V4"),
    ]  # fmt: skip
