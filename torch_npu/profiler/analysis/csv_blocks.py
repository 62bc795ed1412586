"""Reads large tables as text with the places of its cells, without an object per row."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .rows import Spans

_BLOCK = 1 << 22
_QUOTE, _COMMA, _NEWLINE = b'",\n'


@dataclass(frozen=True)
class CsvBlock:
    """Some rows of a table; cells are as they are in the file, quotes included."""

    data: np.ndarray  # uint8
    begins: np.ndarray  # [row, column]
    ends: np.ndarray

    def __len__(self) -> int:
        return len(self.begins)

    def columns(self, first: int, last: int) -> Spans:
        """Neighbouring columns as one text, with the commas between them and without tabs."""
        return Spans(self.data, self.begins[:, first], self.ends[:, last])


def read_blocks(path: Path, columns: int) -> Iterator[CsvBlock]:
    """The rows below the header. Raises ValueError if one has not as many cells as `columns`."""
    with open(path, "rb") as file:
        file.readline()
        rest = b""
        while chunk := file.read(_BLOCK):
            rest += chunk
            block, consumed = _scan(rest, columns, path)
            rest = rest[consumed:]
            if len(block):
                yield block
        if rest:
            block, _ = _scan(rest + b"\n", columns, path)
            yield block


def _scan(text: bytes, columns: int, path: Path) -> tuple[CsvBlock, int]:
    data = np.frombuffer(text, np.uint8)
    marks = np.flatnonzero((data == _COMMA) | (data == _NEWLINE))
    quotes = np.flatnonzero(data == _QUOTE)
    if len(quotes):
        marks = marks[np.searchsorted(quotes, marks) % 2 == 0]
    lines = np.flatnonzero(data[marks] == _NEWLINE)
    marks = marks[: lines[-1] + 1] if len(lines) else marks[:0]
    if len(marks) != len(lines) * columns or ((lines + 1) % columns).any():
        raise ValueError(f"{path}: rows have not {columns} cells each, as the header says")
    ends = marks.reshape(-1, columns)
    begins = np.concatenate(([0], marks[:-1] + 1)).reshape(-1, columns) if len(marks) else ends
    return CsvBlock(data, begins, ends), int(marks[-1]) + 1 if len(marks) else 0
