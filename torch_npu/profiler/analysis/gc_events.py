"""Reads FRAMEWORK/torch.gc_record: when Python collected garbage."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

RECORD = np.dtype([("process", "<u8"), ("start", "<i8"), ("end", "<i8")])


@dataclass(frozen=True)
class GcEvents:
    """Times: Unix ns."""

    start: np.ndarray
    end: np.ndarray


def read(path: Path, unix_offset: int) -> GcEvents:
    """`path`: missing if collections were not recorded. A torn last record is left out."""
    data = path.read_bytes() if path.exists() else b""
    records = np.frombuffer(data, RECORD, len(data) // RECORD.itemsize)
    return GcEvents(records["start"] + unix_offset, records["end"] + unix_offset)
