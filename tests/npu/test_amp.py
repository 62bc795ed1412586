"""Automatic mixed precision with the device set to npu."""

import warnings

import pytest
import torch

import torch_npu  # noqa: F401
from tests.core.emulated import run_python


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_computes_in_the_asked_dtype(dtype):
    weight = torch.ones(4, 4, device="npu")
    with torch.autocast("npu", dtype=dtype):
        assert (weight @ weight).dtype == dtype
    with torch.npu.amp.autocast(dtype=dtype):
        assert torch.npu.is_autocast_enabled()
        assert (weight @ weight).dtype == dtype
    assert (weight @ weight).dtype == torch.float32
    with torch.npu.amp.autocast(enabled=False) as context:
        assert isinstance(context, torch.npu.amp.autocast)
        assert (weight @ weight).dtype == torch.float32


def test_autocast_decorates_functions():
    @torch.npu.amp.autocast(dtype=torch.bfloat16)
    def multiply(x):
        return x @ x

    assert multiply(torch.ones(2, 2, device="npu")).dtype == torch.bfloat16


def test_settings_are_torchs():
    before = torch.npu.get_autocast_dtype()
    torch.npu.set_autocast_dtype(torch.bfloat16)
    assert torch.get_autocast_dtype("npu") == torch.bfloat16
    torch.npu.set_autocast_dtype(before)
    assert torch.npu.get_amp_supported_dtype() == [torch.float16, torch.bfloat16]
    torch.npu.set_autocast_enabled(True)
    assert torch.is_autocast_enabled("npu")
    torch.npu.set_autocast_enabled(False)


@pytest.mark.parametrize("cast_inputs", [None, torch.float32])
def test_custom_functions_keep_their_precision(cast_inputs):
    seen = []

    class Square(torch.autograd.Function):
        @staticmethod
        @torch.npu.amp.custom_fwd(cast_inputs=cast_inputs)
        def forward(ctx, x):
            ctx.save_for_backward(x)
            seen.append((x.dtype, torch.npu.is_autocast_enabled()))
            return x @ x

        @staticmethod
        @torch.npu.amp.custom_bwd
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            seen.append((x.dtype, torch.npu.is_autocast_enabled()))
            return grad.to(x.dtype) @ x * 2

    half = torch.eye(2, device="npu", dtype=torch.float16, requires_grad=True)
    with torch.npu.amp.autocast():
        result = Square.apply(half)
    result.float().sum().backward()
    inside = (torch.float16, True) if cast_inputs is None else (torch.float32, False)
    assert seen == [inside, inside]
    assert half.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_custom_forward_without_parentheses():
    assert torch.npu.amp.custom_fwd(lambda ctx, x: x + 1)(_Context(), 1) == 2


class _Context:
    pass


def overflowing_step(scaler, optimizer, weight):
    optimizer.zero_grad()
    scaler.scale((weight * float("inf")).sum()).backward()
    scaler.step(optimizer)
    scaler.update()


def sound_step(scaler, optimizer, weight):
    optimizer.zero_grad()
    scaler.scale(weight.sum()).backward()
    scaler.step(optimizer)
    scaler.update()


@pytest.fixture
def weight():
    return torch.ones(2, device="npu", requires_grad=True)


@pytest.fixture
def optimizer(weight):
    return torch.optim.SGD([weight], lr=1.0)


def test_scaler_skips_steps_that_overflow(weight, optimizer):
    scaler = torch.npu.amp.GradScaler(init_scale=4.0)
    overflowing_step(scaler, optimizer, weight)
    assert weight.tolist() == [1.0, 1.0]
    assert scaler.get_scale() == 2.0
    sound_step(scaler, optimizer, weight)
    assert weight.tolist() == [0.0, 0.0]
    assert scaler.get_scale() == 2.0


def test_the_scale_grows_after_the_interval(weight, optimizer):
    scaler = torch.npu.amp.GradScaler(init_scale=4.0, growth_interval=2)
    scales = []
    for _ in range(4):
        sound_step(scaler, optimizer, weight)
        scales.append(scaler.get_scale())
    assert scales == [4.0, 8.0, 8.0, 16.0]
    scaler.update(new_scale=3.0)
    assert scaler.get_scale() == 3.0


def test_a_fixed_scale_stays(weight, optimizer):
    scaler = torch.npu.amp.GradScaler(init_scale=4.0, growth_interval=1, dynamic=False)
    overflowing_step(scaler, optimizer, weight)
    assert weight.tolist() == [1.0, 1.0]
    sound_step(scaler, optimizer, weight)
    assert weight.tolist() == [0.0, 0.0]
    assert scaler.get_scale() == 4.0
    scaler.scale(weight.sum())
    scaler.update(new_scale=2.0)
    assert scaler.get_scale() == 2.0


def test_unscaled_gradients_can_be_clipped(weight, optimizer):
    scaler = torch.npu.amp.GradScaler(init_scale=1024.0)
    scaler.scale(weight.sum()).backward()
    scaler.unscale_(optimizer)
    assert weight.grad.tolist() == [1.0, 1.0]
    torch.nn.utils.clip_grad_norm_([weight], 0.5)
    scaler.step(optimizer)
    scaler.update()
    assert weight.detach().norm().item() == pytest.approx(2**0.5 - 0.5, abs=1e-4)


def test_state_goes_round(weight, optimizer):
    scaler = torch.npu.amp.GradScaler(init_scale=4.0, dynamic=False)
    sound_step(scaler, optimizer, weight)
    twin = torch.npu.amp.GradScaler()
    twin.load_state_dict(scaler.state_dict())
    assert twin.state_dict() == scaler.state_dict()
    twin.load_state_dict(torch.amp.GradScaler("npu", init_scale=8.0).state_dict())
    assert twin.get_scale() == 8.0
    assert torch.npu.amp.GradScaler(enabled=False).state_dict() == {}


def test_a_disabled_scaler_does_nothing(weight, optimizer):
    scaler = torch.npu.amp.GradScaler(enabled=False)
    assert scaler.scale(weight) is weight
    sound_step(scaler, optimizer, weight)
    assert weight.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("bad", [None, 0, 299])
def test_many_gradients_are_unscaled_at_once(bad):
    weights = [torch.full((3,), float(i + 1), device="npu") for i in range(300)]
    if bad is not None:
        weights[bad][1] = float("nan")
    found = torch.zeros((), device="npu")
    torch._amp_foreach_non_finite_check_and_unscale_(
        weights, found, torch.full((), 0.5, device="npu")
    )
    assert found.item() == (bad is not None)
    assert [weights[100].tolist(), weights[298].tolist()] == [[50.5] * 3, [149.5] * 3]


@pytest.mark.parametrize("found", [0.0, 1.0])
@pytest.mark.parametrize("steps", [0, 1, 2])
@pytest.mark.parametrize("scale", [4.0, 3e38])
def test_the_scale_is_updated_as_on_the_cpu(found, steps, scale):
    results = []
    for device in ("cpu", "npu"):
        value = torch.full((), scale, device=device)
        tracker = torch.full((), steps, dtype=torch.int32, device=device)
        torch._amp_update_scale_(value, tracker, torch.full((), found, device=device), 2.0, 0.5, 2)
        results.append((value.item(), tracker.item()))
    assert results[0] == results[1]


def test_the_steps_of_a_scaler_run_on_the_device(weight, optimizer):
    torch.npu.reset_fallback_stats()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sound_step(torch.npu.amp.GradScaler(), optimizer, weight)
    assert torch.npu.fallback_stats() == {}


def test_there_is_no_overflow_flag():
    scaler = torch.npu.amp.GradScaler
    assert scaler.clear_npu_overflow_flag() is None
    with pytest.raises(RuntimeError, match="isfinite"):
        scaler.get_npu_overflow_flag()


def test_whether_there_is_anything_to_scale_on():
    assert torch.npu.amp.common.amp_definitely_not_available() is False
    result = run_python(
        "import torch, torch_npu\nprint(torch.npu.amp.common.amp_definitely_not_available())",
        TORCH_NPU_CANN="system",
        ASCEND_HOME_PATH="",
        ASCEND_TOOLKIT_HOME="",
    )
    assert result.stdout == "True\n", result.stderr
