"""Reads the events of a timeline in the trace event format into columns, without an object each.

A file is read in blocks. In a block numpy finds quotes and braces. Most events look alike: those
with the same keys in the same places share a layout, which is worked out once, and their values are
taken all at once.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .numerals import read_integers, read_nanoseconds
from .texts import TextPool

_BLOCK = 1 << 22
_QUOTE, _COLON, _OPEN, _CLOSE, _BACKSLASH = b'":{}\\'
_BLANKS = b" \t\r\n"


class TimelineError(ValueError):
    """The file is no array of trace events; the text says where."""


@dataclass(frozen=True)
class _Key:
    """Where a key is in an event, and what follows it."""

    name: bytes
    depth: int
    string: int  # it is the event's n-th string
    between: bytes  # from the closing quote to the value
    is_text: bool  # its value


@dataclass(frozen=True)
class _Layout:
    """What events have in common that are read together."""

    keys: tuple[_Key, ...]
    braces: tuple[tuple[int, int], ...]  # (quotes before it, character)


class Block:
    """Events that lie completely in `text`, as positions in it."""

    def __init__(self, text: bytes, offset: int) -> None:
        """`offset`: of the block in its file."""
        self.text, self.offset = text, offset
        self._data = data = np.frombuffer(text, np.uint8)
        self._quotes = quotes = _unescaped_quotes(data, text)
        braces = np.flatnonzero((data == _OPEN) | (data == _CLOSE))
        before = np.searchsorted(quotes, braces)
        outside = before % 2 == 0
        self._braces, self._before = braces[outside], before[outside]
        opens = data.take(self._braces) == _OPEN
        depth = np.cumsum(np.where(opens, 1, -1))
        if len(depth) and depth.min() < 0:
            position = offset + int(self._braces[np.argmin(depth)])
            raise TimelineError(f"closing brace without an opening one at byte {position}")
        last = np.flatnonzero(depth == 0)
        # Indices of the braces that begin and end events.
        self._last = last
        self._first = np.concatenate(([0], last[:-1] + 1)) if len(last) else last
        self.starts = self._braces.take(self._first)
        self.ends = self._braces.take(self._last) + 1
        self._string = self._before.take(self._first)  # quotes before each event
        self._groups = self._group()
        self.phases = self._characters(b"ph", 1)

    def __len__(self) -> int:
        return len(self.starts)

    def parsed(self, events: np.ndarray) -> list[dict]:
        """Those events as dictionaries; for rows that are few."""
        spans = zip(self.starts[events].tolist(), self.ends[events].tolist(), strict=True)
        return [json.loads(self.text[begin:end]) for begin, end in spans]

    def integers(self, key: bytes, depth: int, default: int = -1) -> np.ndarray:
        """Of each event the integer at `key`; `depth`: 1 for its own keys, 2 for those of args."""
        result = np.full(len(self), default, np.int64)
        for rows, values, found in self._find(key, depth):
            result[rows] = read_integers(self._data, values + found.is_text)
        return result

    def nanoseconds(self, key: bytes) -> np.ndarray:
        """Of each event the time at `key`, which is in µs, as text or as number. -1: missing."""
        result = np.full(len(self), -1, np.int64)
        for rows, values, found in self._find(key, 1):
            result[rows] = read_nanoseconds(self._data, values + found.is_text)
        return result

    def texts(self, key: bytes, depth: int, pool: TextPool, wanted: np.ndarray) -> np.ndarray:
        """Of each event that is `wanted` (a mask) the id of the text at `key` in `pool`, escaped as
        in the file; 0 if it has none."""
        result = np.zeros(len(self), np.int32)
        for rows, values, found in self._find(key, depth):
            chosen = wanted.take(rows) & found.is_text
            rows, values = rows[chosen], values[chosen] + 1
            ends = self._quotes.take(self._string.take(rows) + 2 * found.string + 3, mode="clip")
            result[rows] = pool.add_slices(self.text, values, ends)
        return result

    def _characters(self, key: bytes, depth: int) -> np.ndarray:
        """The first character of each text at `key`, 0 if there is none."""
        result = np.zeros(len(self), np.uint8)
        for rows, values, found in self._find(key, depth):
            result[rows] = self._data.take(values + found.is_text)
        return result

    def _find(self, key: bytes, depth: int) -> Iterator[tuple[np.ndarray, np.ndarray, _Key]]:
        """(events, where their values begin, the key), by layout."""
        for rows, layout in self._groups:
            found = [k for k in layout.keys if k.name == key and k.depth == depth]
            if found:  # of several the last one counts, as in JSON
                ends = self._quotes.take(self._string.take(rows) + 2 * found[-1].string + 1)
                yield rows, ends + 1 + len(found[-1].between), found[-1]

    def _group(self) -> list[tuple[np.ndarray, _Layout]]:
        sizes = self._last - self._first
        strings = self._before.take(self._last) - self._string
        groups, codes = [], strings << 16 | np.minimum(sizes, (1 << 16) - 1)
        for code in np.unique(codes).tolist():
            rows = np.flatnonzero(codes == code)
            while len(rows):
                layout = self._layout(int(rows[0]))
                same = self._have_layout(rows, layout)
                same[0] = True
                groups.append((rows[same], layout))
                rows = rows[~same]
        return groups

    def _layout(self, event: int) -> _Layout:
        """That of one event, found step by step."""
        braces = range(self._first[event], self._last[event] + 1)
        first = int(self._string[event])
        shape = tuple(
            (int(self._before[i]) - first, int(self._data[self._braces[i]])) for i in braces
        )
        keys = []
        for string in range((shape[-1][0]) // 2):
            begin, end = self._quotes[first + 2 * string : first + 2 * string + 2].tolist()
            value = self.text[end + 1 : end + 1 + 64].lstrip(_BLANKS)
            if value[:1] != b":":
                continue
            value = value[1:].lstrip(_BLANKS)
            between = 0
            while self.text[end + 1 + between : end + 2 + between] in _SEPARATORS:
                between += 1
            depth = sum(
                1 if character == _OPEN else -1
                for before, character in shape
                if before <= 2 * string
            )
            keys.append(
                _Key(
                    name=self.text[begin + 1 : end],
                    depth=depth,
                    string=string,
                    between=self.text[end + 1 : end + 1 + between],
                    is_text=value[:1] == b'"',
                )
            )
        return _Layout(tuple(keys), shape)

    def _have_layout(self, rows: np.ndarray, layout: _Layout) -> np.ndarray:
        """Which of the events, that have as many strings and braces, have them in those places."""
        same = np.ones(len(rows), bool)
        strings, braces = self._string.take(rows), self._first.take(rows)
        for number, (before, character) in enumerate(layout.braces):
            same &= self._before.take(braces + number) - strings == before
            same &= self._data.take(self._braces.take(braces + number)) == character
        for key in layout.keys:
            begins = self._quotes.take(strings + 2 * key.string) + 1
            text = key.name + b'"' + key.between + (b'"' if key.is_text else b"")
            for place, character in enumerate(text):
                same &= self._data.take(begins + place, mode="clip") == character
            if not key.is_text:
                after = self._data.take(begins + len(text), mode="clip")
                same &= (after != _QUOTE) & ~_IS_BLANK.take(after)
        return same


_SEPARATORS = (b" ", b"\t", b"\r", b"\n", b":")
_IS_BLANK = np.isin(np.arange(256), list(_BLANKS))


def decode_text(escaped: bytes) -> str:
    """What stands between the quotes of a JSON text."""
    return json.loads(b'"%b"' % escaped) if b"\\" in escaped else escaped.decode(errors="replace")


def read_blocks(path: Path, block_size: int = _BLOCK) -> Iterator[Block]:
    """All events of `path`, a block at a time. Raises TimelineError if it is no array of events."""
    with open(path, "rb") as file:
        rest, offset = file.read(block_size), 0
        begin = len(rest) - len(rest.lstrip())
        if rest[begin : begin + 1] != b"[":
            raise TimelineError(f"{path}: a timeline is a JSON array of events, this is none")
        while True:
            block = Block(rest, offset)
            if len(block):
                yield block
                consumed = int(block.ends[-1])
                offset, rest = offset + consumed, rest[consumed:]
            more = file.read(block_size)
            if not more:
                break
            rest += more
    if rest.strip().lstrip(b"[,").strip() != b"]":
        raise TimelineError(
            f"{path}: the array of events is cut off or damaged at byte {offset}: {rest[:60]!r}"
        )


def _unescaped_quotes(data: np.ndarray, text: bytes) -> np.ndarray:
    quotes = np.flatnonzero(data == _QUOTE)
    if b"\\" not in text:
        return quotes
    doubtful = np.flatnonzero(data[quotes - 1] == _BACKSLASH)
    escaped = []
    for position in doubtful.tolist():
        end = begin = int(quotes[position])
        while begin and data[begin - 1] == _BACKSLASH:
            begin -= 1
        if (end - begin) % 2:
            escaped.append(position)
    return np.delete(quotes, escaped)
