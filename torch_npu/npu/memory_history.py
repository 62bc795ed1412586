"""What happened in the caching allocator, for torch.cuda._memory_viz and pytorch.org/memory_viz."""

from __future__ import annotations

import pickle
import sys
from typing import Any

from torch_npu import _C
from torch_npu.npu._utils import Device
from torch_npu.npu.pluggable_allocator import refuse_pluggable

__all__ = ["_dump_snapshot", "_record_memory_history", "_snapshot"]

_ENABLED = {None: "", "state": "state", "all": "alloc"}
_CONTEXT = (None, "state", "alloc", "all")
_STACKS = ("python", "all")


def _record_memory_history(
    enabled: str | None = "all",
    context: str | None = "all",
    stacks: str = "all",
    max_entries: int = sys.maxsize,
    device: Device = None,
    clear_history: bool = False,
) -> None:
    """Begins to record what the allocator does, on all devices, or ends it.

    enabled: None ends it, "state" keeps where what is allocated now comes from, "all" also the last
    `max_entries` events of each device. context: of what stacks are taken: None, "state" (what is
    allocated), "alloc" (the events of allocation), "all" (of frees too). stacks: "python", or "all"
    for those of C++, too, which take longer. device: accepted for torch.cuda's signature.
    """
    refuse_pluggable("_record_memory_history")
    for name, value, known in (
        ("enabled", enabled, tuple(_ENABLED)),
        ("context", context, _CONTEXT),
        ("stacks", stacks, _STACKS),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {known}, got {value!r}")
    if max_entries < 1:
        raise ValueError(f"max_entries must be at least 1, got {max_entries}")
    if enabled is None:
        _C._record_memory_history(0, "", False, clear_history)
        return
    entries = max_entries if enabled == "all" else 0
    _C._record_memory_history(entries, context or "", stacks == "all", clear_history)


def _snapshot(device: Device = None) -> dict[str, Any]:
    """{"segments", "device_traces", "allocator_settings", "external_annotations"}, as torch.cuda's.
    device: accepted for torch.cuda's signature; all are in it."""
    refuse_pluggable("_snapshot")
    return {
        **_C._memory_snapshot(),
        "allocator_settings": _C._allocator_settings(),
        "external_annotations": [],
    }


def _dump_snapshot(filename: str = "dump_snapshot.pickle") -> None:
    """Writes _snapshot() to a file that pytorch.org/memory_viz opens."""
    with open(filename, "wb") as file:
        pickle.dump(_snapshot(), file)
