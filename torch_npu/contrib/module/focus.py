"""Focus, of YOLOv5."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Conv", "Focus", "autopad", "fast_slice"]


def autopad(k: int | list[int], p: int | list[int] | None = None) -> int | list[int]:
    """The padding `p`, or the one with which a kernel of size `k` keeps the image's size."""
    if p is not None:
        return p
    return k // 2 if isinstance(k, int) else [size // 2 for size in k]


class Conv(nn.Module):
    """Convolution, batch norm, activation: [batch, c1, height, width] to [batch, c2, …].

    act: True for SiLU, False for none, or a module.
    """

    def __init__(
        self,
        c1: int,
        c2: int,
        k: int = 1,
        s: int = 1,
        p: int | None = None,
        g: int = 1,
        act: bool | nn.Module = True,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, autopad(k, p), groups=g, bias=False)
        self.bn = nn.BatchNorm2d(c2)
        if isinstance(act, nn.Module):
            self.act = act
        else:
            self.act = nn.SiLU() if act else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.bn(self.conv(x)))


def fast_slice(x: Tensor) -> Tensor:
    """Every second pixel as a channel of its own: [b, c, h, w] to [b, 4 c, h / 2, w / 2]."""
    rows = (x[..., ::2, :], x[..., 1::2, :])
    return torch.cat([row[..., column::2] for column in (0, 1) for row in rows], dim=1)


class Focus(nn.Module):
    """fast_slice() and a Conv of it: [b, c1, h, w] to [b, c2, h / 2, w / 2]."""

    def __init__(
        self,
        c1: int,
        c2: int,
        k: int = 1,
        s: int = 1,
        p: int | None = None,
        g: int = 1,
        act: bool | nn.Module = True,
    ) -> None:
        super().__init__()
        self.conv = Conv(c1 * 4, c2, k, s, p, g, act)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(fast_slice(x))
