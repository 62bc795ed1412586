"""NpuDropPath."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["NpuDropPath"]


class NpuDropPath(nn.Module):
    """Drops whole samples of a residual branch in training: stochastic depth.

    Takes and gives [batch, …]; what is kept is divided by the probability to be kept.
    """

    def __init__(self, drop_prob: float | None = None) -> None:
        super().__init__()
        self.drop_prob = drop_prob or 0.0
        if not 0.0 <= self.drop_prob < 1.0:
            raise ValueError(f"expected 0 <= drop_prob < 1, got {drop_prob}")

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.drop_prob == 0.0:
            return x
        keep = 1 - self.drop_prob
        shape = (x.size(0), *[1] * (x.dim() - 1))
        return x * torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(keep).div_(keep)

    @classmethod
    def enable_droppath_ensemble(cls, model: nn.Module) -> None:
        """Nothing: masks are made on the device in time anyway."""
