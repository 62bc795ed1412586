"""Reads FRAMEWORK/torch.op_mark: when work entered the task queue, and when it left it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import tlv
from .texts import Texts

_OP_MARK, _NAME = 2, 1
_HEAD = np.dtype(
    [
        ("time", "<i8"),
        ("category", "<u8"),
        ("correlation", "<u8"),
        ("thread", "<u8"),
        ("process", "<u8"),
    ]
)
_ENQUEUE, _DEQUEUE = (0, 1), (2, 3)  # categories of begin and end


@dataclass(frozen=True)
class Ranges:
    """Stays at one end of the queue, ordered by correlation id. Times: Unix ns."""

    start: np.ndarray
    end: np.ndarray
    thread: np.ndarray
    correlation: np.ndarray
    names: Texts

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class QueueMarks:
    enqueues: Ranges
    dequeues: Ranges

    def enqueue_of(self, threads: np.ndarray, times: np.ndarray) -> np.ndarray:
        """For moments on threads that empty the queue: the position in `enqueues` of what was
        being executed, -1 if nothing was."""
        dequeues = self.dequeues
        order = np.lexsort((dequeues.start, dequeues.thread))
        result = np.full(len(times), -1)
        if not len(order) or not len(self.enqueues):
            return result
        for thread in np.unique(dequeues.thread).tolist():
            mine = order[dequeues.thread[order] == thread]
            rows = np.flatnonzero(threads == thread)
            found = np.searchsorted(dequeues.start[mine], times[rows], side="right") - 1
            candidates = mine[np.maximum(found, 0)]
            inside = (found >= 0) & (times[rows] <= dequeues.end[candidates])
            result[rows[inside]] = self._partner(dequeues.correlation[candidates[inside]])
        return result

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Positions in `enqueues` and `dequeues` of what is known from both ends."""
        partners = self._partner(self.dequeues.correlation)
        known = np.flatnonzero(partners >= 0)
        return partners[known], known

    def _partner(self, correlation: np.ndarray) -> np.ndarray:
        ids = self.enqueues.correlation
        if not len(ids):
            return np.full(len(correlation), -1)
        found = np.minimum(np.searchsorted(ids, correlation), len(ids) - 1)
        return np.where(ids[found] == correlation, found, -1)


def read(path: Path, unix_offset: int) -> QueueMarks:
    """`path`: torch.op_mark; missing if the queue was not used."""
    records = tlv.read(path, _OP_MARK, _HEAD, (_NAME,))
    marks, names = records.heads, records.texts[_NAME]
    marks["time"] += unix_offset
    return QueueMarks(_ranges(marks, names, *_ENQUEUE), _ranges(marks, names, *_DEQUEUE))


def _ranges(marks: np.ndarray, names: Texts, begin: int, end: int) -> Ranges:
    """Joins begins and ends of equal correlation id; what lacks one of them is left out."""
    begins, ends = (
        rows[np.argsort(marks["correlation"][rows], kind="stable")]
        for rows in (np.flatnonzero(marks["category"] == kind) for kind in (begin, end))
    )
    _, first, second = np.intersect1d(
        marks["correlation"][begins], marks["correlation"][ends], return_indices=True
    )
    begins, ends = begins[first], ends[second]
    return Ranges(
        marks["time"][begins],
        marks["time"][ends],
        marks["thread"][begins].astype(np.int64),
        marks["correlation"][begins].astype(np.int64),
        names[begins],
    )
