"""Deterministic levels reach CANN, and follow a tensor through backward."""

import ctypes

import pytest
import torch

import torch_npu  # noqa: F401
from torch_npu import _C, _loader

DETERMINISTIC, STRONG_CONSISTENCY = 0, 2  # aclSysParamOpt


def cann_options() -> tuple[int, int]:
    library = ctypes.CDLL(f"{_loader.cann_home()}/lib64/libascendcl.so")
    values = []
    for option in (DETERMINISTIC, STRONG_CONSISTENCY):
        value = ctypes.c_int64(-1)
        assert library.aclrtGetSysParamOpt(option, ctypes.byref(value)) == 0
        values.append(value.value)
    return tuple(values)


@pytest.fixture(autouse=True)
def off():
    yield
    torch.npu.set_deterministic_level(0)


@pytest.mark.parametrize(("level", "options"), [(1, (1, 0)), (2, (1, 1)), (0, (0, 0))])
def test_levels_are_cann_options_and_torchs_setting(level, options):
    torch.npu.set_deterministic_level(level)
    assert cann_options() == options
    assert torch.are_deterministic_algorithms_enabled() == (level > 0)


def test_torchs_setting_holds_for_the_operators_after_it():
    x = torch.ones(3, device="npu")
    torch.use_deterministic_algorithms(True)
    x.add_(1)
    assert cann_options() == (1, 0)
    torch.use_deterministic_algorithms(False)
    assert cann_options() == (1, 0)
    x.add_(1)
    assert cann_options() == (0, 0)


def test_other_levels_are_refused():
    with pytest.raises(ValueError, match="must be 0"):
        torch.npu.set_deterministic_level(3)
    assert cann_options() == (0, 0)


def test_a_region_is_deterministic_forward_and_backward():
    seen = []

    class Watch(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, name):
            ctx.name = name
            seen.append((name, torch.are_deterministic_algorithms_enabled()))
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            seen.append((f"{ctx.name} backward", torch.are_deterministic_algorithms_enabled()))
            return grad, None

    leaf = torch.ones(3, device="npu", requires_grad=True)
    x = Watch.apply(leaf, "before")
    x = torch.npu.enable_deterministic_with_backward(x)
    x = Watch.apply(x, "inside")
    x = torch.npu.disable_deterministic_with_backward(x)
    Watch.apply(x, "after").sum().backward()
    assert seen == [
        ("before", False),
        ("inside", True),
        ("after", False),
        ("after backward", False),
        ("inside backward", True),
        ("before backward", False),
    ]
    assert leaf.grad.tolist() == [1.0] * 3
    assert _C._get_determinism() == 0


@pytest.mark.parametrize("warn_only", [False, True])
def test_a_region_leaves_the_users_choice_as_it_was(warn_only):
    def state() -> tuple:
        return (
            _C._get_determinism(),
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        )

    torch.npu.set_deterministic_level(2)
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    x = torch.ones(3, device="npu", requires_grad=True)
    y = torch.npu.enable_deterministic_with_backward(x)
    y = torch.npu.disable_deterministic_with_backward(y * 2)
    assert state() == (2, True, warn_only)
    y.sum().backward()
    assert state() == (2, True, warn_only)
    torch.use_deterministic_algorithms(False)


def test_backward_that_ends_inside_of_a_region_ends_it():
    weight = torch.ones(3, device="npu", requires_grad=True)
    x = torch.npu.enable_deterministic_with_backward(torch.ones(3, device="npu"))
    torch.npu.disable_deterministic_with_backward(x * weight).sum().backward()
    assert _C._get_determinism() == 0
    assert not torch.are_deterministic_algorithms_enabled()


def test_an_end_without_a_region_keeps_what_only_warns():
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.npu.disable_deterministic_with_backward(torch.ones(3, device="npu"))
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
