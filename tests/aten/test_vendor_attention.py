"""Attention of training: what does not follow from its cases."""

import math

import pytest
import torch
from vendor_case import close

import torch_npu


def test_dropout_is_the_same_in_the_backward() -> None:
    torch.npu.manual_seed(3)
    q, k, v = (torch.randn(1, 2, 16, 8, device="npu", requires_grad=True) for _ in range(3))
    out, *_, seed, offset, count = torch_npu.npu_fusion_attention(q, k, v, 2, "BNSD", keep_prob=0.5)
    assert count == 2 * 16 * 16
    # The result is linear in v, so that its gradient tells what was dropped.
    (grad,) = torch.autograd.grad(out.sum(), v)
    assert torch.allclose((grad * v).sum(), out.sum(), rtol=1e-3)
    again = torch_npu.npu_fusion_attention(q, k, v, 2, "BNSD", keep_prob=0.5)
    assert not torch.equal(out, again[0]) and (seed, offset) != again[4:6]


def kept_scores(bits: torch.Tensor, *sizes: int) -> torch.Tensor:
    """A mask of dropout as booleans."""
    flat = (bits.cpu().unsqueeze(-1) >> torch.arange(8)) & 1
    return flat.flatten()[: math.prod(sizes)].reshape(sizes).bool()


@pytest.mark.parametrize("version", ["", "_v2"])
def test_given_dropout_mask(version: str) -> None:
    q, k, v = (torch.randn(1, 2, 16, 8) for _ in range(3))
    bits = torch.randint(0, 256, (2 * 16 * 16 // 8,), dtype=torch.uint8)

    def run(*leaves):
        weights = (leaves[0] @ leaves[1].transpose(-1, -2)).softmax(-1)
        return (weights * kept_scores(bits, 1, 2, 16, 16) / 0.5) @ leaves[2]

    leaves = [value.requires_grad_() for value in (q, k, v)]
    expected = run(*leaves)
    wanted = torch.autograd.grad(expected.sum(), leaves)
    function = getattr(torch_npu, f"npu_fusion_attention{version}")
    leaves = [value.detach().npu().requires_grad_() for value in leaves]
    out, *_, seed, offset, count = function(
        *leaves, 2, "BNSD", keep_prob=0.5, dropout_mask=bits.npu(), seed=7, offset=8
    )
    assert (seed, offset, count) == (7, 8, 2 * 16 * 16)
    close(out, expected, torch.float32, 3)
    for value, gradient in zip(torch.autograd.grad(out.sum(), leaves), wanted, strict=True):
        close(value, gradient, torch.float32, 10)


def test_dropout_whose_seed_is_on_the_device() -> None:
    torch.npu.manual_seed(3)
    q, k, v = (torch.randn(1, 2, 16, 8, device="npu", requires_grad=True) for _ in range(3))

    def run():
        return torch_npu.npu_fusion_attention_v3(q, k, v, 2, "BNSD", keep_prob=0.5)

    out, *_, seed, offset = run()
    assert seed.tolist() == [3] and offset.is_npu
    # The result is linear in v, so that its gradient tells what was dropped.
    (grad,) = torch.autograd.grad(out.sum(), v)
    assert torch.allclose((grad * v).sum(), out.sum(), rtol=1e-3)
    assert not torch.equal(run()[0], out)
    graph = torch.npu.NPUGraph()
    with torch.no_grad(), torch.npu.graph(graph):
        captured = run()[0]
    graph.replay()
    first = captured.clone()
    graph.replay()
    assert first.any() and not torch.equal(first, captured)


def test_compiled_attention_with_lengths_on_the_cpu() -> None:
    def attend(q, k, v, ends):
        return torch_npu.npu_fusion_attention_v3(
            q, k, v, 4, "TND", actual_seq_qlen=ends, actual_seq_kvlen=ends
        )[0].sin()

    compiled = torch.compile(attend, backend="aot_eager", fullgraph=True)
    leaves = [torch.randn(7, 4, 8, device="npu", requires_grad=True) for _ in range(3)]
    ends = torch.tensor([3, 7])
    expected = torch.autograd.grad(attend(*leaves, ends).sum(), leaves)
    actual = torch.autograd.grad(compiled(*leaves, ends).sum(), leaves)
    for value, wanted in zip(actual, expected, strict=True):
        torch.testing.assert_close(value.cpu(), wanted.cpu())
