"""Copies: every direction, dtype and stride, blocking and not."""

import itertools

import pytest
import torch

DTYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.int32,
          torch.uint8, torch.bool, torch.complex64]  # fmt: skip
LAYOUTS = {
    "contiguous": lambda t: t,
    "transposed": lambda t: t.t(),
    "sliced": lambda t: t[:, ::2],
    "expanded": lambda t: t[:1].expand(4, 6),
    "offset": lambda t: t[1:, 2:],
}


def base(dtype: torch.dtype) -> torch.Tensor:
    return torch.arange(24).reshape(4, 6).remainder(5).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_round_trip(dtype: torch.dtype, layout: str) -> None:
    source = LAYOUTS[layout](base(dtype))
    device = source.npu()
    assert device.dtype == dtype
    assert torch.equal(device.cpu(), source)
    view = LAYOUTS[layout](base(dtype).npu())
    assert torch.equal(view.cpu(), source)


@pytest.mark.parametrize(("a", "b"), list(itertools.product(DTYPES[:8], DTYPES[:8])))
def test_conversions(a: torch.dtype, b: torch.dtype) -> None:
    source = base(a)
    expected = source.to(b)
    assert torch.equal(source.npu().to(b).cpu(), expected)  # on the device
    target = torch.zeros(4, 6, dtype=b)
    assert torch.equal(target.copy_(source.npu()), expected)  # to the host
    assert torch.equal(torch.zeros(4, 6, dtype=b, device="npu").copy_(source).cpu(), expected)


@pytest.mark.parametrize("layout", ["transposed", "sliced", "offset"])
@pytest.mark.parametrize("direction", ["up", "down", "across", "peer"])
def test_into_views(layout: str, direction: str) -> None:
    source_device, target_device = {
        "up": ("cpu", "npu:0"), "down": ("npu:0", "cpu"), "across": ("npu:0", "npu:0"),
        "peer": ("npu:0", "npu:1"),
    }[direction]  # fmt: skip
    target = torch.zeros(4, 6, device=target_device)
    view = LAYOUTS[layout](target)
    source = torch.rand(view.shape)
    view.copy_(source.to(source_device))
    assert torch.equal(view.cpu(), source)
    expected = torch.zeros(4, 6)
    LAYOUTS[layout](expected).copy_(source)
    assert torch.equal(target.cpu(), expected)


def test_broadcast_and_bad_shape() -> None:
    target = torch.zeros(3, 4, device="npu")
    target.copy_(torch.arange(4.0).npu())
    assert target.cpu()[2].tolist() == [0, 1, 2, 3]
    target.copy_(torch.ones(4))
    assert target.sum().item() == 12
    with pytest.raises(RuntimeError, match="size"):
        target.copy_(torch.ones(5).npu())


def test_peer_copy_waits_for_both_devices() -> None:
    a = torch.zeros(1 << 16, device="npu:0")
    b = torch.zeros(1 << 16, device="npu:1")
    for i in range(20):
        a.fill_(i)
        b.copy_(a)
        assert b.add(0)[-1].item() == i
        b.mul_(2)
        a.copy_(b)
        assert a[0].item() == 2 * i


def test_pinned_non_blocking() -> None:
    pinned = torch.arange(1000.0).pin_memory()
    device = pinned.to("npu", non_blocking=True)
    back = torch.empty(1000).pin_memory()
    back.copy_(device, non_blocking=True)
    torch.npu.synchronize()
    assert torch.equal(back, pinned)


def test_non_blocking_from_pageable_memory_may_be_changed_at_once() -> None:
    source = torch.ones(1 << 16)
    device = source.to("npu", non_blocking=True)
    source.zero_()
    assert device.sum().item() == 1 << 16


def test_conjugate_and_negative_views() -> None:
    source = torch.tensor([1 + 2j, 3 - 4j])
    assert torch.equal(source.npu().conj().cpu(), source.conj().resolve_conj())
    assert torch.equal(source.conj().npu().cpu(), source.conj().resolve_conj())
    assert torch.equal(source.npu().conj().imag.cpu(), source.conj().imag.resolve_neg())


@pytest.mark.parametrize("value", [3, 2.5, True, 1 + 2j])
def test_item(value) -> None:
    assert torch.tensor(value).npu().item() == value
    with pytest.raises(RuntimeError, match="2 elements"):
        torch.ones(2).npu().item()


def test_empty() -> None:
    assert torch.empty(0, 3).npu().cpu().shape == (0, 3)
    assert torch.empty(0, device="npu").to(torch.int64).numel() == 0


def test_copy_from_and_resize() -> None:
    source = torch.arange(6.0).reshape(2, 3).npu()
    target = torch.empty(0)
    torch.ops.aten._copy_from_and_resize(source, target)
    assert torch.equal(target, source.cpu())


def test_overlapping_memory_is_refused() -> None:
    x = torch.arange(4.0, device="npu")
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        x[1:].copy_(x[:-1])
    with pytest.raises(RuntimeError, match="refers to a single memory location"):
        x.expand(3, 4).copy_(torch.ones(3, 4))
    with pytest.raises(RuntimeError, match="refers to a single memory location"):
        torch.zeros(1, device="npu").expand(3).relu_()
    torch.npu.synchronize()  # nothing was launched, so the stream still works
    assert x.tolist() == [0, 1, 2, 3]
