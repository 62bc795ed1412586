"""Flash attention against torch's, forward and backward."""

import pytest
import torch
from device import DEVICE_FAULT, AclError, Device
from sample import seeded
from torch.nn import functional as F

BATCH, HEADS, ROWS, COLUMNS, DEPTH = 2, 4, 5, 7, 8
FULL = 2**31 - 1
LAYOUTS = {
    "BNSD": lambda x: x,
    "BSND": lambda x: x.transpose(1, 2),
    "BSH": lambda x: x.transpose(1, 2).flatten(2),
    "SBH": lambda x: x.permute(2, 0, 1, 3).flatten(2),
}
BAND = torch.ones(ROWS, COLUMNS, dtype=torch.bool).triu(2)
TRIANGLE = torch.ones(2048, 2048, dtype=torch.bool).triu(1)
MASKS = {
    "none": (None, 0, None),
    "mask": (BAND, 0, ~BAND),
    "all": (BAND, 1, ~BAND),
    "causal": (TRIANGLE, 2, torch.ones(ROWS, COLUMNS).tril().bool()),
    "right causal": (TRIANGLE, 3, torch.ones(ROWS, COLUMNS).tril(COLUMNS - ROWS).bool()),
    "no mask, no mode": (None, 2, None),
}


def reference(query, key, value, keep, scale):
    groups = HEADS // key.shape[1]
    key, value = (x.repeat_interleave(groups, 1) for x in (key, value))
    return F.scaled_dot_product_attention(query, key, value, keep, scale=scale)


def inputs(key_heads: int = HEADS) -> list[torch.Tensor]:
    shapes = [(HEADS, ROWS), (key_heads, COLUMNS), (key_heads, COLUMNS)]
    return [seeded(BATCH, *shape, DEPTH, seed=i) for i, shape in enumerate(shapes)]


def forward(device: Device, layout: str, tensors, mask, mode: int, drop=None, keep: float = 1.0):
    out = torch.zeros_like(tensors[0])
    sums = [torch.zeros(BATCH, HEADS, ROWS, 8) for _ in range(2)]
    device.call(
        "aclnnFlashAttentionScore", *tensors, None, drop, None, mask, None, 0.3, keep, FULL, FULL,
        HEADS, layout, 0, mode, *sums, torch.empty(0), out,
    )  # fmt: skip
    return out, sums


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("key_heads", [HEADS, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_forward_and_backward(device: Device, layout: str, key_heads: int, mask: str) -> None:
    given, mode, keep = MASKS[mask]
    leaves = [x.requires_grad_() for x in inputs(key_heads)]
    expected = reference(*leaves, keep, 0.3)
    grad = seeded(*expected.shape, seed=9)
    expected_grads = torch.autograd.grad(expected, leaves, grad)
    tensors = [LAYOUTS[layout](x.detach()).contiguous() for x in leaves]

    out, (maxima, sums) = forward(device, layout, tensors, given, mode)
    torch.testing.assert_close(out, LAYOUTS[layout](expected.detach()).contiguous())
    assert (sums >= 1).all() and torch.equal(maxima[..., :1].expand_as(maxima), maxima)

    grads = [torch.zeros_like(x) for x in tensors]
    device.call(
        "aclnnFlashAttentionScoreGrad", *tensors, LAYOUTS[layout](grad).contiguous(), None, None,
        None, given, maxima, sums, None, out, None, 0.3, 1.0, FULL, FULL, HEADS, layout, 0, mode,
        *grads, torch.empty(0),
    )  # fmt: skip
    for actual, wanted in zip(grads, expected_grads, strict=True):
        torch.testing.assert_close(actual, LAYOUTS[layout](wanted).contiguous())


def test_dropout_keeps_the_expectation(device: Device) -> None:
    tensors = inputs()
    bits = torch.full((BATCH * HEADS * ROWS * COLUMNS // 8 + 16,), 255, dtype=torch.uint8)
    out, _ = forward(device, "BNSD", tensors, None, 0, bits, 0.5)
    torch.testing.assert_close(out, 2 * reference(*tensors, None, 0.3))
    out, _ = forward(device, "BNSD", tensors, None, 0, torch.zeros_like(bits), 0.5)
    assert not out.any()


@pytest.mark.parametrize("mask", [BAND, torch.zeros_like(TRIANGLE), TRIANGLE.t()])
def test_sparse_modes_want_the_triangle(device: Device, mask: torch.Tensor) -> None:
    try:
        with pytest.raises(AclError, match="sparseMode 3 needs attenMaskOptional") as caught:
            forward(device, "BNSD", inputs(), mask.contiguous(), 3)
    finally:
        device.new_stream()
    assert caught.value.code == DEVICE_FAULT


def test_sequences_without_tokens(device: Device) -> None:
    query, key = seeded(5, HEADS, DEPTH), seeded(6, HEADS, DEPTH, seed=1)
    out, sums = torch.ones_like(query), [torch.ones(5, HEADS, 8) for _ in range(2)]
    ends = [2, 2, 4, 5], [3, 3, 3, 6]  # one has neither queries nor keys, one no keys
    device.call(
        "aclnnFlashAttentionVarLenScore", query, key, key, None, None, None, None, None, *ends,
        0.3, 1.0, FULL, FULL, HEADS, "TND", 0, 0, *sums, torch.empty(0), out,
    )  # fmt: skip
    parts = [(query[a:b], key[c:d]) for a, b, c, d in ((0, 2, 0, 3), (4, 5, 3, 6))]
    first, last = (
        reference(*(t.transpose(0, 1)[None] for t in (q, k, k)), None, 0.3)[0].transpose(0, 1)
        for q, k in parts
    )
    torch.testing.assert_close(out, torch.cat((first, torch.zeros(2, HEADS, DEPTH), last)))
