"""DropoutWithByteMask."""

from __future__ import annotations

from torch import nn

__all__ = ["DropoutWithByteMask"]


class DropoutWithByteMask(nn.Dropout):
    """torch.nn.Dropout; max_seed changes nothing, as the mask is torch's own."""

    def __init__(self, p: float = 0.5, inplace: bool = False, max_seed: int = 2**10 - 1) -> None:
        super().__init__(p, inplace)
