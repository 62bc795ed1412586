"""Processes of this host that have an emulated device open.

A device's memory is an unnamed file that shows among the open files of each process that owns it;
the blocks of that file are what the process uses.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ARENA = re.compile(r"/memfd:ascend_npu(\d+) \(deleted\)")
_STAT_BLOCK = 512  # bytes, whatever the file system


@dataclass(frozen=True)
class Usage:
    """`memory`: bytes of host memory behind `device` (its physical number) in process `pid`."""

    device: int
    pid: int
    name: str
    memory: int


def _arenas(process: Path) -> Iterator[tuple[int, os.stat_result]]:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # ended meanwhile, or another user's
        return
    for descriptor in descriptors:
        try:
            match = _ARENA.fullmatch(os.readlink(descriptor))
            if match:
                yield int(match.group(1)), descriptor.stat()
        except OSError:  # closed meanwhile
            continue


def usages(proc: Path = Path("/proc")) -> list[Usage]:
    """Sorted by device and process. A peer that maps another's memory is not counted for it."""
    found: dict[tuple[int, int], Usage] = {}
    for process in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        for device, facts in _arenas(process):
            # The owner opened the file first; peers and duplicates share the inode.
            key = (facts.st_dev, facts.st_ino)
            if key in found:
                continue
            try:
                name = (process / "comm").read_text().strip()
            except OSError:
                continue
            memory = facts.st_blocks * _STAT_BLOCK
            found[key] = Usage(device, int(process.name), name, memory)
    return sorted(found.values(), key=lambda usage: (usage.device, usage.pid))
