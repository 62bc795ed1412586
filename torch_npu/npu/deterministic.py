"""Operators that compute the same bits again."""

from __future__ import annotations

from typing import Any

import torch

from torch_npu import _C

__all__ = [
    "disable_deterministic_with_backward",
    "enable_deterministic_with_backward",
    "set_deterministic_level",
]


def set_deterministic_level(level: int) -> None:
    """0: any bits. 1: the same bits for the same call. 2: also for the same rows in a batch of
    another size, which is slower. Sets torch.use_deterministic_algorithms to match."""
    _C._set_determinism(level)
    torch.use_deterministic_algorithms(level > 0)


def _switch(on: bool) -> None:
    # A level of 2 that the user chose is not lowered to 1.
    level = max(1, _C._get_determinism()) if on else 0
    set_deterministic_level(level)


class _Switch(torch.autograd.Function):
    """Switches in the forward pass, and back when backward passes this place."""

    @staticmethod
    def forward(ctx: Any, tensor: torch.Tensor, on: bool) -> torch.Tensor:
        ctx.on = on
        _switch(on)
        return tensor.view_as(tensor)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        _switch(not ctx.on)
        return grad, None


def enable_deterministic_with_backward(tensor: torch.Tensor) -> torch.Tensor:
    """Operators after this one are deterministic, and in backward those before it are not. Returns
    `tensor`, to be used instead of it. The end of the region is what
    disable_deterministic_with_backward() marks."""
    return _Switch.apply(tensor, True)


def disable_deterministic_with_backward(tensor: torch.Tensor) -> torch.Tensor:
    """Ends the region of enable_deterministic_with_backward(); returns `tensor`, to be used
    instead of it."""
    return _Switch.apply(tensor, False)
