"""Reads FRAMEWORK/torch.op_range into columns."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# The framing and head that csrc/profiler/op_range.cc writes.
_FRAME = struct.Struct("<HI")
_OP_RANGE = 1
_COLUMNS = {2: 0, 3: 1, 4: 2}  # field tag -> name, dtypes, shapes
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
    names: list[str]
    dtypes: list[str]
    shapes: list[str]

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, column: str) -> np.ndarray:
        return self.columns[column]

    def steps(self) -> list[tuple[str, int, int]]:
        """(step id, start, end) of each ProfilerStep, by start."""
        found = [
            (name.removeprefix(STEP_PREFIX), int(self["start"][i]), int(self["end"][i]))
            for i, name in enumerate(self.names)
            if name.startswith(STEP_PREFIX)
        ]
        return sorted(found, key=lambda step: step[1])


def read(path: Path, unix_offset: int) -> HostOps:
    """`path`: torch.op_range; missing if the host was not recorded."""
    data = path.read_bytes() if path.exists() else b""
    offsets, texts = _split(data, path)
    heads = _gather(data, offsets)
    heads["start"] += unix_offset
    heads["end"] += unix_offset
    order = np.lexsort((-heads["end"], heads["start"], heads["thread"]))
    positions = order.tolist()
    return HostOps(heads[order], *([column[i] for i in positions] for column in texts))


def _split(data: bytes, path: Path) -> tuple[list[int], tuple[list[str], ...]]:
    """Where each record's head lies, and the text columns. A torn last record is left out."""
    offsets: list[int] = []
    columns: tuple[list[str], ...] = ([], [], [])
    texts: dict[bytes, str] = {}  # texts repeat: one string for all
    position, size = 0, len(data)
    while position + _FRAME.size <= size:
        kind, length = _FRAME.unpack_from(data, position)
        if kind != _OP_RANGE or length < _HEAD.itemsize:
            raise ValueError(f"{path}: no operator record at byte {position}, the file is damaged")
        head = position + _FRAME.size
        position = head + length
        if position > size:
            break
        offsets.append(head)
        for column in columns:
            column.append("")
        field = head + _HEAD.itemsize
        while field < position:
            tag, text_length = _FRAME.unpack_from(data, field)
            field += _FRAME.size
            text = data[field : field + text_length]
            field += text_length
            if text not in texts:
                texts[text] = text.decode(errors="replace")
            if tag in _COLUMNS:
                columns[_COLUMNS[tag]][-1] = texts[text]
    return offsets, columns


def _gather(data: bytes, offsets: list[int]) -> np.ndarray:
    if not offsets:
        return np.empty(0, _HEAD)
    every_byte = np.frombuffer(data, np.uint8)
    rows = every_byte[np.array(offsets)[:, None] + np.arange(_HEAD.itemsize)]
    return rows.view(_HEAD).reshape(-1)
