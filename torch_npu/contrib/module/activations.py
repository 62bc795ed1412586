"""Activations that Ascend's scripts import from here; torch's own compute them."""

from __future__ import annotations

from torch import nn

__all__ = ["Mish", "SiLU", "Swish"]

Mish = nn.Mish


class SiLU(nn.SiLU):
    """torch.nn.SiLU."""

    def __init__(self) -> None:
        super().__init__()


class Swish(SiLU):
    """x * sigmoid(x)."""
