"""Moving and replacing elements."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["npu_fast_condition_index_put", "roll"]


def roll(x: Tensor, shifts: int | tuple[int, ...], dims: int | tuple[int, ...]) -> Tensor:
    """torch.roll."""
    return torch.roll(x, shifts, dims)


def npu_fast_condition_index_put(x: Tensor, condition: Tensor, value: float | Tensor) -> Tensor:
    """`x` with `value` where `condition` (bool, of the shape of x) holds. The number of such
    elements need not be known, so that the host does not wait."""
    if condition.dtype != torch.bool:
        raise TypeError(f"expected condition as a bool tensor, got {condition.dtype}")
    return torch.where(condition, value, x)
