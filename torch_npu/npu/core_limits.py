"""How many cores operators may use: of a device, for this process, or of a stream."""

from __future__ import annotations

import torch

from torch_npu import _C
from torch_npu.npu._utils import Device, _get_device_index

__all__ = [
    "get_device_limit",
    "get_stream_limit",
    "reset_stream_limit",
    "set_device_limit",
    "set_stream_limit",
]

_KEYS = ("cube_core_num", "vector_core_num")


def _count(name: str, number: int) -> int:
    """0, which changes nothing, for -1."""
    if not isinstance(number, int) or number == 0 or number < -1:
        raise ValueError(
            f"{name} must be -1 (as it is) or a number of cores from 1 on, got {number}"
        )
    return max(number, 0)


def get_device_limit(device: Device = None) -> dict[str, int]:
    """{"cube_core_num", "vector_core_num"} that operators on `device` may use."""
    return dict(zip(_KEYS, _C._device_core_limits(_get_device_index(device, True)), strict=True))


def set_device_limit(device: Device, cube_num: int = -1, vector_num: int = -1) -> None:
    """Limits the cores that this process uses on `device`; -1 leaves a kind as it is."""
    index = _get_device_index(device, optional=True)
    _C._set_device_core_limits(
        index, _count("cube_num", cube_num), _count("vector_num", vector_num)
    )


def get_stream_limit(stream: torch.Stream) -> dict[str, int]:
    """{"cube_core_num", "vector_core_num"} that operators on `stream` may use."""
    limits = _C._stream_core_limits(stream.stream_id, stream.device_index)
    return dict(zip(_KEYS, limits, strict=True))


def set_stream_limit(stream: torch.Stream, cube_num: int = -1, vector_num: int = -1) -> None:
    """Limits the cores that operators on `stream` use; -1 leaves a kind as it is. From the first
    such limit on, operators are prepared anew for every call."""
    cube, vector = _count("cube_num", cube_num), _count("vector_num", vector_num)
    _C._set_stream_core_limits(stream.stream_id, stream.device_index, cube, vector)


def reset_stream_limit(stream: torch.Stream) -> None:
    """The limits of the device hold for `stream` again."""
    _C._reset_stream_core_limits(stream.stream_id, stream.device_index)
