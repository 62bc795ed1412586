"""Reads FRAMEWORK/torch.op_range into columns."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from . import tlv
from .texts import Texts

# The layout that csrc/profiler/op_range.cc writes.
_OP_RANGE = 1
_NAME, _DTYPES, _SHAPES, _STACK, _MODULES = 2, 3, 4, 8, 9
_HEAD = np.dtype(
    [
        ("start", "<i8"),
        ("end", "<i8"),
        ("sequence", "<i8"),
        ("process", "<u8"),
        ("thread", "<u8"),
        ("end_thread", "<u8"),
        ("forward_thread", "<u8"),
        ("scope", "u1"),
        ("is_async", "u1"),
    ]
)

BACKWARD_SCOPE = 1
STEP_PREFIX = "ProfilerStep#"


@dataclass(frozen=True)
class HostOps:
    """Host operators ordered by thread, start, and outermost first. Times: Unix ns."""

    columns: np.ndarray  # of dtype _HEAD
    names: Texts
    dtypes: Texts  # items separated by ;
    shapes: Texts
    stacks: Texts  # innermost frame first
    modules: Texts

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, column: str) -> np.ndarray:
        return self.columns[column]

    @cached_property
    def is_step(self) -> np.ndarray:
        return self.names.where(lambda name: name.startswith(STEP_PREFIX))

    @cached_property
    def steps(self) -> list[tuple[str, int, int]]:
        """(step id, start, end) of each ProfilerStep, by start."""
        found = [
            (self.names[i].removeprefix(STEP_PREFIX), int(self["start"][i]), int(self["end"][i]))
            for i in np.flatnonzero(self.is_step)
        ]
        return sorted(found, key=lambda step: step[1])


def read(path: Path, unix_offset: int) -> HostOps:
    """`path`: torch.op_range; missing if the host was not recorded."""
    records = tlv.read(path, _OP_RANGE, _HEAD, (_NAME, _DTYPES, _SHAPES, _STACK, _MODULES))
    heads = records.heads
    heads["start"] += unix_offset
    heads["end"] += unix_offset
    records = records.sorted(heads["thread"], heads["start"], -heads["end"])
    return HostOps(records.heads, *records.texts.values())
