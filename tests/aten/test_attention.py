"""scaled_dot_product_attention: the kernel where it fits, the decomposition elsewhere."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention

import torch_npu

FUSED = "_scaled_dot_product_fused_attention_overrideable"
TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 4e-2}


def inputs(dtype: torch.dtype, heads: int = 4) -> list[torch.Tensor]:
    torch.manual_seed(0)
    sizes = [(2, 4, 5, 8), (2, heads, 6, 8), (2, heads, 6, 8)]
    return [torch.randn(size).to(dtype) for size in sizes]


def compare(dtype: torch.dtype, heads: int = 4, **options) -> None:
    """Values and gradients against the CPU in float32."""
    results = {}
    for device, kind in (("cpu", torch.float32), ("npu", dtype)):
        tensors = [t.to(device, kind).requires_grad_() for t in inputs(dtype, heads)]
        moved = {k: v.to(device) if isinstance(v, torch.Tensor) else v for k, v in options.items()}
        if isinstance(mask := moved.get("attn_mask"), torch.Tensor) and mask.is_floating_point():
            moved["attn_mask"] = mask.to(kind)
        out = scaled_dot_product_attention(*tensors, **moved)
        weights = torch.arange(out.numel(), device=device).reshape(out.shape).sin().to(out)
        grads = torch.autograd.grad(out, tensors, weights)
        results[device] = [t.detach().cpu().float() for t in (out, *grads)]
    tolerance = TOLERANCE[dtype]
    torch.testing.assert_close(results["npu"], results["cpu"], rtol=tolerance, atol=tolerance)


@pytest.fixture(autouse=True)
def no_fallbacks():
    torch_npu._C.reset_fallback_stats()
    yield
    assert torch_npu._C.fallback_stats() == {}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("is_causal", [False, True])
def test_plain_and_causal(dtype: torch.dtype, is_causal: bool) -> None:
    compare(dtype, is_causal=is_causal)


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_scale_masks_and_groups(dtype: torch.dtype) -> None:
    compare(dtype, scale=0.3)
    compare(dtype, attn_mask=torch.rand(5, 6) > 0.3)
    compare(dtype, attn_mask=torch.randn(2, 1, 5, 6))
    compare(dtype, heads=2, enable_gqa=True)


def kernels(function) -> set[str]:
    with torch.autograd.profiler.profile() as profile:
        function()
    return {event.name for event in profile.function_events}


def test_half_precision_uses_the_kernel() -> None:
    half = [t.npu() for t in inputs(torch.float16)]
    assert f"aten::{FUSED}" in kernels(lambda: scaled_dot_product_attention(*half))
    full = [t.npu() for t in inputs(torch.float32)]
    assert f"aten::{FUSED}" not in kernels(lambda: scaled_dot_product_attention(*full))


def test_dropout_scales_what_it_keeps() -> None:
    ones = [torch.ones(1, 1, 64, 64).npu() for _ in range(3)]
    out = scaled_dot_product_attention(*ones, dropout_p=0.5)
    assert abs(out.mean().item() - 1) < 0.1
    assert out.std().item() > 0


def test_kernel_says_what_it_takes() -> None:
    full = [t.npu() for t in inputs(torch.float32)]
    with pytest.raises(RuntimeError, match="takes float16 or bfloat16"):
        getattr(torch.ops.aten, FUSED)(*full)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("wrong", [
    [(1, 2, 4, 16), (1, 2, 5, 16), (1, 2, 6, 16)],
    [(1, 2, 4, 16), (1, 2, 5, 8), (1, 2, 5, 16)],
    [(1, 2, 4, 16), (1, 2, 5, 16), (1, 3, 5, 16)],
    [(2, 2, 4, 16), (2, 2, 5, 16), (3, 2, 5, 16)],
])  # fmt: skip
def test_shapes_that_do_not_fit(dtype: torch.dtype, wrong: list[tuple[int, ...]]) -> None:
    """Refused at the call: what a kernel finds breaks the stream."""
    with pytest.raises(RuntimeError) as error:
        scaled_dot_product_attention(*[torch.ones(size, dtype=dtype).npu() for size in wrong])
    assert not isinstance(error.value, torch.AcceleratorError)
    torch.npu.synchronize()


def test_value_of_another_depth() -> None:
    q, k, v = torch.rand(1, 2, 4, 16), torch.rand(1, 2, 5, 16), torch.rand(1, 2, 5, 8)
    actual = scaled_dot_product_attention(*[t.npu().half() for t in (q, k, v)])
    expected = scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(actual.cpu().float(), expected, rtol=1e-2, atol=1e-2)
