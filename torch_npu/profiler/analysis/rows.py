"""Writes rows of text from columns, without an object per row.

Every column becomes a matrix of characters, a row per row, padded with NUL; side by side they are
the text, once the padding is squeezed out.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from .texts import Texts

_BLOCK_BYTES = 1 << 21
_BLOCK_ROWS = 1 << 13
_GROUP = np.array([list(f"{number:04d}".encode()) for number in range(10000)], np.uint8)
_ZERO, _MINUS, _POINT, _TAB = b"0-.\t"


class Integers:
    """A column of decimal integers."""

    def __init__(self, values: np.ndarray) -> None:
        self._values = np.asarray(values, np.int64)

    def __len__(self) -> int:
        return len(self._values)

    def width(self, rows: slice) -> int:
        return 20

    def matrix(self, rows: slice) -> np.ndarray:
        values = self._values[rows]
        digits = _digits(np.abs(values))
        _strip_zeros(digits[:, :-1])
        return _signed(values, digits)


class Microseconds:
    """A column of ns as decimal texts in µs with exactly three decimals."""

    def __init__(self, nanoseconds: np.ndarray) -> None:
        self._values = np.asarray(nanoseconds, np.int64)

    def __len__(self) -> int:
        return len(self._values)

    def width(self, rows: slice) -> int:
        return 21

    def matrix(self, rows: slice) -> np.ndarray:
        values = self._values[rows]
        digits = _digits(np.abs(values), least=4)
        _strip_zeros(digits[:, :-4])
        point = np.full((len(values), 1), _POINT, np.uint8)
        return _signed(values, np.hstack((digits[:, :-3], point, digits[:, -3:])))


class Words:
    """A column of texts that are written as they are."""

    def __init__(self, texts: Texts, convert=str) -> None:
        """`convert`: applied to each different text, e.g. json.dumps."""
        self._ids = texts.ids
        self._values = [convert(text).encode().replace(b"\0", b"") for text in texts.values]
        self._lengths = np.array([len(value) for value in self._values], np.int64)

    def __len__(self) -> int:
        return len(self._ids)

    def width(self, rows: slice) -> int:
        return int(self._lengths[self._ids[rows]].max(initial=1))

    def matrix(self, rows: slice) -> np.ndarray:
        used, positions = np.unique(self._ids[rows], return_inverse=True)
        texts = np.array([self._values[i] for i in used.tolist()], f"S{self.width(rows)}")
        return texts.view(np.uint8).reshape(len(used), -1).take(positions, axis=0)


class Spans:
    """A column of parts of a larger text, without tabs."""

    def __init__(self, data: np.ndarray, begins: np.ndarray, ends: np.ndarray) -> None:
        """`data`: uint8; row i is data[begins[i]:ends[i]]."""
        self._data, self._begins, self._lengths = data, begins, ends - begins

    def __len__(self) -> int:
        return len(self._begins)

    def width(self, rows: slice) -> int:
        return int(self._lengths[rows].max(initial=1))

    def matrix(self, rows: slice) -> np.ndarray:
        places = np.arange(self.width(rows))
        texts = self._data.take(self._begins[rows, None] + places, mode="clip")
        texts[(places >= self._lengths[rows, None]) | (texts == _TAB)] = 0
        return texts


Piece = bytes | Integers | Microseconds | Words | Spans


def blocks(pieces: Sequence[Piece]) -> Iterator[bytes]:
    """The rows' texts, some thousand at a time; a row is its pieces one after the other."""
    columns = [piece for piece in pieces if not isinstance(piece, bytes)]
    count = len(columns[0])
    if any(len(column) != count for column in columns):
        raise ValueError(f"columns of different lengths: {[len(column) for column in columns]}")
    constant = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
    begin = 0
    while begin < count:
        rows = slice(begin, min(begin + _BLOCK_ROWS, count))
        # One very long text would widen all rows of its block.
        while rows.stop - begin > 1:
            width = constant + sum(column.width(rows) for column in columns)
            if width * (rows.stop - begin) <= _BLOCK_BYTES:
                break
            rows = slice(begin, begin + (rows.stop - begin) // 2)
        yield _block(pieces, rows)
        begin = rows.stop


def _block(pieces, rows: slice) -> bytes:
    height = rows.stop - rows.start
    parts = [
        np.broadcast_to(np.frombuffer(piece, np.uint8), (height, len(piece)))
        if isinstance(piece, bytes)
        else piece.matrix(rows)
        for piece in pieces
    ]
    return np.hstack(parts).tobytes().translate(None, b"\0")


def _digits(values: np.ndarray, least: int = 1) -> np.ndarray:
    """The digits of non-negative integers with leading zeros."""
    width = max(least, len(str(int(values.max(initial=0)))))
    groups = []
    for _ in range(-(-width // 4)):
        values, rest = np.divmod(values, 10000)
        groups.append(_GROUP.take(rest, axis=0))
    return np.hstack(groups[::-1])[:, -width:]


def _strip_zeros(digits: np.ndarray) -> None:
    """Leading zeros become padding, in place."""
    leading = np.ones(len(digits), bool)
    for column in digits.T:
        leading &= column == _ZERO
        if not leading.any():
            break
        column[leading] = 0


def _signed(values: np.ndarray, digits: np.ndarray) -> np.ndarray:
    negative = values < 0
    if not negative.any():
        return digits
    return np.hstack((np.where(negative, _MINUS, 0).astype(np.uint8)[:, None], digits))
