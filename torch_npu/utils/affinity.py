"""Which cores the calling thread runs on."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

__all__ = ["reset_thread_affinity", "set_thread_affinity"]

_before: dict[int, set[int]] = {}  # by thread: what it had at first


def _cores(core_range: Sequence[int] | Sequence[Sequence[int]]) -> set[int]:
    ranges = core_range if core_range and isinstance(core_range[0], Sequence) else [core_range]
    cores: set[int] = set()
    for bounds in ranges:
        if len(bounds) != 2 or not 0 <= bounds[0] <= bounds[1]:
            raise ValueError(
                f"expected core_range as [first, last] or a list of such pairs, got {core_range!r}"
            )
        cores.update(range(bounds[0], bounds[1] + 1))
    return cores


def _share_of_device(cores: list[int]) -> set[int]:
    """The cores of the current device: each device has an equal part of them, in order."""
    import torch

    devices = max(torch.npu.device_count(), 1)
    size = max(len(cores) // devices, 1)
    start = torch.npu.current_device() * size % len(cores)
    return set(cores[start : start + size])


def set_thread_affinity(
    core_range: Sequence[int] | Sequence[Sequence[int]] | None = None,
) -> None:
    """Binds the calling thread to cores [first, last], both included, or to several such ranges.

    None: the current device's share of the cores that the thread may use. Threads that it starts
    later inherit the binding. Raises ValueError for other values, and for cores that are not there.
    """
    allowed = os.sched_getaffinity(0)
    wanted = _share_of_device(sorted(allowed)) if core_range is None else _cores(core_range)
    try:
        os.sched_setaffinity(0, wanted)
    except OSError as error:
        raise ValueError(
            f"cannot bind to the cores {sorted(wanted)}: this process may use {sorted(allowed)}"
        ) from error
    _before.setdefault(threading.get_native_id(), allowed)


def reset_thread_affinity() -> None:
    """Undoes set_thread_affinity() in the calling thread."""
    if (cores := _before.pop(threading.get_native_id(), None)) is not None:
        os.sched_setaffinity(0, cores)
