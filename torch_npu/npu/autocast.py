"""The process's autocast settings for npu."""

from __future__ import annotations

import torch

__all__ = [
    "get_amp_supported_dtype",
    "get_autocast_dtype",
    "is_autocast_enabled",
    "set_autocast_dtype",
    "set_autocast_enabled",
]


def get_amp_supported_dtype() -> list[torch.dtype]:
    """The dtypes that torch.autocast("npu", dtype=...) accepts."""
    return [torch.float16, torch.bfloat16]


def get_autocast_dtype() -> torch.dtype:
    """The dtype that torch.autocast("npu") computes in unless it is given one."""
    return torch.get_autocast_dtype("npu")


def set_autocast_dtype(dtype: torch.dtype) -> None:
    """Sets get_autocast_dtype()."""
    torch.set_autocast_dtype("npu", dtype)


def is_autocast_enabled() -> bool:
    """Whether operators on npu tensors run under autocast now, in this thread."""
    return torch.is_autocast_enabled("npu")


def set_autocast_enabled(enable: bool) -> None:
    """Switches autocast; torch.autocast("npu") does it for a scope."""
    torch.set_autocast_enabled("npu", enable)
