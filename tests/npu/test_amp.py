"""Automatic mixed precision with the device set to npu."""

import pytest
import torch

import torch_npu  # noqa: F401


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_computes_in_the_asked_dtype(dtype):
    weight = torch.ones(4, 4, device="npu")
    with torch.autocast("npu", dtype=dtype):
        assert (weight @ weight).dtype == dtype
    with torch.npu.amp.autocast(dtype=dtype):
        assert torch.npu.is_autocast_enabled()
        assert (weight @ weight).dtype == dtype
    assert (weight @ weight).dtype == torch.float32


def test_settings_are_torchs():
    before = torch.npu.get_autocast_dtype()
    torch.npu.set_autocast_dtype(torch.bfloat16)
    assert torch.get_autocast_dtype("npu") == torch.bfloat16
    torch.npu.set_autocast_dtype(before)
    assert torch.npu.get_amp_supported_dtype() == [torch.float16, torch.bfloat16]


def test_scaler_skips_steps_that_overflow():
    weight = torch.ones(2, device="npu", requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scaler = torch.npu.amp.GradScaler(init_scale=4.0)
    scaler.scale((weight * float("inf")).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert weight.tolist() == [1.0, 1.0]
    assert scaler.get_scale() == 2.0
    optimizer.zero_grad()
    scaler.scale(weight.sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert weight.tolist() == [0.0, 0.0]
