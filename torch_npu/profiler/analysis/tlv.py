"""The framing of FRAMEWORK files: u16 type, u32 length, value; a value begins with a fixed head."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .texts import TextPool, Texts

_FRAME = struct.Struct("<HI")
_FRAME_TYPE = np.dtype([("kind", "<u2"), ("length", "<u4")])


@dataclass(frozen=True)
class Records:
    heads: np.ndarray
    texts: dict[int, Texts]  # by tag of the field

    def sorted(self, *keys: np.ndarray) -> "Records":
        """Ordered by the first key, then by the next ones."""
        order = np.lexsort(keys[::-1])
        return Records(self.heads[order], {tag: text[order] for tag, text in self.texts.items()})


def read(path: Path, kind: int, head: np.dtype, tags: tuple[int, ...]) -> Records:
    """All records of `path`, which is missing if nothing was recorded.

    A torn last record, as a process that was killed leaves it, is left out. Raises ValueError if
    something else than records of type `kind` is found.
    """
    data = path.read_bytes() if path.exists() else b""
    begins = _split(data, path, kind, head.itemsize)
    heads = _structs(data, head)[begins]
    lengths = _structs(data, _FRAME_TYPE)["length"][begins - _FRAME.size]
    texts = _texts(data, begins + head.itemsize, begins + lengths, tags, path)
    return Records(heads, texts)


def _structs(data: bytes, dtype: np.dtype) -> np.ndarray:
    """A view of the struct at each byte."""
    count = max(len(data) - dtype.itemsize + 1, 0)
    return np.ndarray(count, dtype, data if count else None, strides=(1,))


def _split(data: bytes, path: Path, kind: int, least: int) -> np.ndarray:
    """Where the value of each record begins."""
    begins: list[int] = []
    position, size, frame, unpack = 0, len(data), _FRAME.size, _FRAME.unpack_from
    while position + frame <= size:
        found, length = unpack(data, position)
        if found != kind or length < least:
            raise ValueError(
                f"{path}: no record of type {kind} at byte {position}, the file is damaged"
            )
        position += frame
        begins.append(position)
        position += length
    if position > size:
        begins.pop()
    return np.array(begins, np.int64)


def _texts(data, fields, ends, tags, path) -> dict[int, Texts]:
    """`fields`: where the first field of each record is. All n-th fields are read at once."""
    pools = {tag: TextPool({b"": 0}) for tag in tags}
    ids = {tag: np.zeros(len(fields), np.int32) for tag in tags}
    frames = _structs(data, _FRAME_TYPE)
    rows = np.flatnonzero(fields < ends)
    at, ends = fields.take(rows), ends.take(rows)
    while len(rows):
        if (at + _FRAME.size > ends).any():
            raise ValueError(f"{path}: a record's field is cut off, the file is damaged")
        found = frames[at]
        begins = at + _FRAME.size
        at = begins + found["length"]
        if (at > ends).any():
            raise ValueError(f"{path}: a record's field is longer than the record, it is damaged")
        for tag in tags:
            chosen = np.flatnonzero(found["kind"] == tag)
            ids[tag][rows.take(chosen)] = pools[tag].add_slices(
                data, begins.take(chosen), at.take(chosen)
            )
        more = np.flatnonzero(at < ends)
        rows, at, ends = rows.take(more), at.take(more), ends.take(more)
    return {tag: pools[tag].column(ids[tag], _decode) for tag in tags}


def _decode(text: bytes) -> str:
    return text.decode(errors="replace")
