"""ChannelShuffle."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ChannelShuffle"]


class ChannelShuffle(nn.Module):
    """Mixes the channels of two images, as ShuffleNet does.

    Takes two tensors [batch, in_channels / 2, height, width]. Of both together, every groups-th
    channel comes next to another. split_shuffle: gives two tensors like those it took; otherwise
    one of in_channels.
    """

    def __init__(self, in_channels: int, groups: int = 2, split_shuffle: bool = True) -> None:
        super().__init__()
        if in_channels % groups or (split_shuffle and in_channels % 2):
            raise ValueError(
                f"ChannelShuffle: {in_channels} channels cannot be divided into {groups} groups"
                + (" and two halves" if split_shuffle else "")
            )
        self.in_channels = in_channels
        self.groups = groups
        self.split_shuffle = split_shuffle

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor | tuple[Tensor, ...]:
        both = torch.cat((x1, x2), dim=1)
        mixed = both.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)
        return mixed.chunk(2, dim=1) if self.split_shuffle else mixed
