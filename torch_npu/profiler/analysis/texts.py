"""Columns of texts that repeat: each different text is kept once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np


class TextPool(dict):
    """Numbers different byte strings in the order in which they come."""

    def __missing__(self, text: bytes) -> int:
        self[text] = number = len(self)
        return number

    def add_slices(self, data: bytes, begins: np.ndarray, ends: np.ndarray) -> list[int]:
        """The numbers of data[begin:end]."""
        # Runs in C throughout: there are millions.
        slices = map(slice, begins.tolist(), ends.tolist())
        return list(map(self.__getitem__, map(data.__getitem__, slices)))

    def column(self, ids: np.ndarray, decode: Callable[[bytes], str]) -> "Texts":
        return Texts(ids, [decode(text) for text in self])


@dataclass(frozen=True)
class Texts:
    """A column of texts: the text of row i is values[ids[i]]."""

    ids: np.ndarray
    values: list[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        numbers: dict[str, int] = {}
        ids = np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int32)
        return cls(ids, list(numbers))

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows):
        """One text for an integer, otherwise the column of those rows."""
        if isinstance(rows, int | np.integer):
            return self.values[self.ids[rows]]
        return Texts(self.ids[rows], self.values)

    def __iter__(self) -> Iterator[str]:
        return map(self.values.__getitem__, self.ids.tolist())

    def where(self, wanted: Callable[[str], bool]) -> np.ndarray:
        """For each row whether its text is wanted."""
        return np.array([wanted(text) for text in self.values], bool)[self.ids]
