"""Device memory: what the caching allocator holds, and control over it. Names, units (bytes) and
keys are those of torch.cuda's functions."""

from __future__ import annotations

from typing import Any

import torch
from torch.accelerator import memory as _generic

from torch_npu import _C
from torch_npu.npu._utils import Device, _get_device_index
from torch_npu.npu.memory_summary import format_summary

__all__ = [
    "empty_cache",
    "get_per_process_memory_fraction",
    "max_memory_allocated",
    "max_memory_cached",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_cached",
    "memory_reserved",
    "memory_snapshot",
    "memory_stats",
    "memory_stats_as_nested_dict",
    "memory_summary",
    "reset_accumulated_memory_stats",
    "reset_max_memory_allocated",
    "reset_max_memory_cached",
    "reset_peak_memory_stats",
    "set_per_process_memory_fraction",
]


def _index(device: Device) -> int:
    return _get_device_index(device, optional=True)


def empty_cache() -> None:
    """Returns cached memory that no tensor uses to the device."""
    if _C._is_initialized():
        _C._empty_cache()


def memory_stats(device: Device = None) -> dict[str, Any]:
    """Statistics such as "allocated_bytes.all.peak". Empty before the first use of a device."""
    return _generic.memory_stats(_index(device))


def memory_stats_as_nested_dict(device: Device = None) -> dict[str, Any]:
    """memory_stats() as nested dictionaries."""
    return torch._C._accelerator_getDeviceStats(_index(device)) if _C._is_initialized() else {}


def reset_accumulated_memory_stats(device: Device = None) -> None:
    """Sets the counts of everything that was ever allocated and freed to 0."""
    torch._C._accelerator_resetAccumulatedStats(_index(device))


def reset_peak_memory_stats(device: Device = None) -> None:
    """Sets every peak to the present value."""
    torch._C._accelerator_resetPeakStats(_index(device))


def memory_allocated(device: Device = None) -> int:
    """Bytes that tensors occupy."""
    return memory_stats(device).get("allocated_bytes.all.current", 0)


def max_memory_allocated(device: Device = None) -> int:
    """Peak of memory_allocated()."""
    return memory_stats(device).get("allocated_bytes.all.peak", 0)


def memory_reserved(device: Device = None) -> int:
    """Bytes that the caching allocator got from the device."""
    return memory_stats(device).get("reserved_bytes.all.current", 0)


def max_memory_reserved(device: Device = None) -> int:
    """Peak of memory_reserved()."""
    return memory_stats(device).get("reserved_bytes.all.peak", 0)


# Names that torch.cuda has kept for old scripts.
memory_cached = memory_reserved
max_memory_cached = max_memory_reserved
reset_max_memory_allocated = reset_peak_memory_stats
reset_max_memory_cached = reset_peak_memory_stats


def mem_get_info(device: Device = None) -> tuple[int, int]:
    """(free, total) bytes of the device, as CANN reports them."""
    return torch._C._accelerator_getMemoryInfo(_index(device))


def memory_snapshot() -> list[dict[str, Any]]:
    """Every segment and its blocks, on all devices."""
    return _C._memory_snapshot()


def memory_summary(device: Device = None, abbreviated: bool = False) -> str:
    """memory_stats() as a table; abbreviated leaves out the rows of the small and large pool."""
    index = _index(device)
    return format_summary(memory_stats(index), index, abbreviated)


def set_per_process_memory_fraction(fraction: float, device: Device = None) -> None:
    """Limits the allocator to a fraction (0, 1] of the device's memory."""
    if not isinstance(fraction, (int, float)):
        raise TypeError(f"the fraction must be a number, got {fraction!r}")
    _C._set_memory_fraction(fraction, _index(device))


def get_per_process_memory_fraction(device: Device = None) -> float:
    """The fraction that set_per_process_memory_fraction() set, 1.0 by default."""
    return _C._get_memory_fraction(_index(device))
