"""Device arguments as torch.npu's functions take them. torch.load uses _get_device_index too."""

from __future__ import annotations

from typing import Any

import torch

from torch_npu import _C

Device = Any  # None, an index, "npu", "npu:1" or a torch.device


def _get_device_index(device: Device, optional: bool = False, allow_cpu: bool = False) -> int:
    """The index that `device` means: -1 for the CPU (with allow_cpu), the current device's for None
    and "npu" (with optional). Raises ValueError for devices of another type."""
    if isinstance(device, int) and not isinstance(device, bool):
        return _C._current_device() if device < 0 and optional else device
    if isinstance(device, str):
        device = torch.device(device)
    if isinstance(device, torch.device):
        if device.type == "cpu" and allow_cpu:
            return -1
        if device.type != "npu":
            raise ValueError(f"expected an npu device, got {device}")
        if device.index is not None:
            return device.index
    elif device is not None:
        raise TypeError(
            "expected an npu device as an index, a string such as 'npu:0' or a torch.device, "
            f"got {device!r}"
        )
    if not optional:
        raise ValueError(f"expected an npu device with an index, such as 'npu:0', got {device}")
    return _C._current_device()
