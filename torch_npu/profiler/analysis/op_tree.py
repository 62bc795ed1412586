"""Which operator encloses which, and which one ran at a given moment."""

from itertools import pairwise

import numpy as np

from .host_ops import HostOps

_NONE = -1


class OpTree:
    """Nesting of host operators per thread; -1 stands for no operator.

    Ranges of one thread are properly nested, so those of equal depth do not overlap and a binary
    search per depth finds the one that covers a moment. Ranges that end on another thread than
    they started on (async) enclose nothing.
    """

    def __init__(self, ops: HostOps) -> None:
        self._ops = ops
        self._threads: dict[int, list[np.ndarray]] = {}  # per depth: positions ordered by start
        self.depth = np.zeros(len(ops), np.int64)
        self.parent = np.full(len(ops), _NONE)
        nested = np.flatnonzero((ops["is_async"] == 0) & (ops["thread"] == ops["end_thread"]))
        threads = ops["thread"][nested]
        for thread in np.unique(threads).tolist():
            self._add_thread(thread, nested[threads == thread])
        for thread, levels in self._threads.items():
            for above, level in pairwise(levels):
                self.parent[level] = self._covering(above, ops["start"][level])
            outside = np.flatnonzero((ops["thread"] == thread) & (ops["is_async"] != 0))
            self.parent[outside] = self.innermost(
                np.full(len(outside), thread), ops["start"][outside]
            )

    def innermost(self, threads: np.ndarray, times: np.ndarray) -> np.ndarray:
        """For each (thread, time) the position of the innermost operator that covers it."""
        result = np.full(len(times), _NONE)
        for thread in np.unique(threads).tolist():
            rows = np.flatnonzero(threads == thread)
            for level in self._threads.get(thread, ()):
                covering = self._covering(level, times[rows])
                rows, covering = rows[covering != _NONE], covering[covering != _NONE]
                if not len(rows):
                    break
                result[rows] = covering
        return result

    def levels_deepest_first(self):
        """Positions of the operators that have a parent, by depth from the deepest."""
        depth = np.where(self.parent == _NONE, 0, self.depth)
        for level in range(int(depth.max(initial=0)), 0, -1):
            yield np.flatnonzero(depth == level)

    def _add_thread(self, thread: int, positions: np.ndarray) -> None:
        start, end = self._ops["start"][positions], self._ops["end"][positions]
        # Sweep: +1 at a start, -1 at an end. At equal times ends come first, except an empty
        # range's own, for which an end counts as one later.
        times = np.concatenate((start, np.maximum(end, start + 1)))
        change = np.concatenate((np.ones(len(start), np.int64), -np.ones(len(end), np.int64)))
        order = np.lexsort((change, times))
        running = np.cumsum(change[order])
        depth = np.empty(len(times), np.int64)
        depth[order] = running - 1
        depth = depth[: len(start)]
        self.depth[positions] = depth
        self._threads[thread] = [positions[depth == level] for level in range(depth.max() + 1)]

    def _covering(self, level: np.ndarray, times: np.ndarray) -> np.ndarray:
        candidates = np.searchsorted(self._ops["start"][level], times, side="right") - 1
        positions = level[np.maximum(candidates, 0)]
        covered = (candidates >= 0) & (times <= self._ops["end"][positions])
        return np.where(covered, positions, _NONE)
