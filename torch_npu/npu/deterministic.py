"""Operators that compute the same bits again."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd import Variable

from torch_npu import _C

__all__ = [
    "disable_deterministic_with_backward",
    "enable_deterministic_with_backward",
    "set_deterministic_level",
]


_State = tuple[int, bool, bool]  # CANN's level, PyTorch's switch, and whether it only warns
_before_regions: list[_State] = []
_before_backwards: list[_State] = []


def set_deterministic_level(level: int) -> None:
    """0: any bits. 1: the same bits for the same call. 2: also for the same rows in a batch of
    another size, which is slower. Sets torch.use_deterministic_algorithms to match; whether that
    only warns stays as it is."""
    _restore((level, level > 0, torch.is_deterministic_algorithms_warn_only_enabled()))


def _state() -> _State:
    return (
        _C._get_determinism(),
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


def _restore(state: _State) -> None:
    level, enabled, warn_only = state
    _C._set_determinism(level)
    torch.use_deterministic_algorithms(enabled, warn_only=warn_only)


def _enter(before: list[_State]) -> None:
    before.append(_state())
    # A level of 2 that the user chose is not lowered to 1.
    set_deterministic_level(max(1, _C._get_determinism()))


class _Enable(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        if torch._C._current_graph_task_id() == -1:
            _leave_backward()  # of a backward that raised
        _enter(_before_regions)
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        if _before_backwards:
            _restore(_before_backwards.pop())
        return grad


class _Disable(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor) -> torch.Tensor:
        if _before_regions:
            _restore(_before_regions.pop())
        else:
            set_deterministic_level(0)
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        if not _before_backwards:
            # Where the region's input needs no gradient, backward ends inside of it.
            Variable._execution_engine.queue_callback(_leave_backward)
        _enter(_before_backwards)
        return grad


def _leave_backward() -> None:
    if _before_backwards:
        _restore(_before_backwards[0])
        _before_backwards.clear()


def enable_deterministic_with_backward(tensor: torch.Tensor) -> torch.Tensor:
    """Operators after this one are deterministic up to disable_deterministic_with_backward(), in
    forward and in backward; outside, everything is as it was before. Returns `tensor`, to be used
    instead of it."""
    return _Enable.apply(tensor)


def disable_deterministic_with_backward(tensor: torch.Tensor) -> torch.Tensor:
    """Ends the region of enable_deterministic_with_backward(); returns `tensor`, to be used
    instead of it."""
    return _Disable.apply(tensor)
