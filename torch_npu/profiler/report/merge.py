"""Several ranks as one: their clocks aligned by collectives, and who keeps the others waiting."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import output_directory
from ..analysis.texts import Texts
from .result import AnalysedResult
from .summary import busy_intervals
from .text_table import format_table

_DATALOADER = "dataloader"


@dataclass(frozen=True)
class RankReport:
    """How one rank arrived at the collectives that all ranks took part in. Times: ns."""

    rank: str
    clock_shift: int  # to add to this rank's times
    times_last: int
    delay: int  # in sum, by which it came after the one before it where it was the last
    waited: int  # in sum, for the last one
    cause: str  # where it spent more time than the others before it came last; "" if it never did


@dataclass(frozen=True)
class MergeReport:
    collectives: int
    ranks: list[RankReport]  # those that delay the others most first

    def __str__(self) -> str:
        rows = [
            (
                r.rank,
                r.times_last,
                r.delay / 1000,
                r.waited / 1000,
                r.cause,
                r.clock_shift / 1000,
            )
            for r in self.ranks
        ]
        header = ("Rank", "Last", "Delayed others(us)", "Waited(us)", "Cause", "Clock shift(us)")
        return f"{self.collectives} collectives of all ranks\n" + format_table(header, rows)


@dataclass(frozen=True)
class _Collectives:
    """Of each rank (row) start and end of the collectives (columns) that all took part in."""

    start: np.ndarray
    end: np.ndarray


def merge(results: Sequence[AnalysedResult], trace: Path | None) -> MergeReport:
    """Writes one Perfetto trace of all ranks to `trace`, and says who holds up whom.

    Raises ValueError with fewer than two ranks.
    """
    if len(results) < 2:
        raise ValueError("merge needs the results of at least two ranks")
    collectives = _match(results)
    shifts = _clock_shifts(collectives)
    if trace is not None:
        from .perfetto import write_trace

        output_directory.make_directory(trace.absolute().parent)
        with output_directory.open_file(trace, "wb") as file:
            write_trace(list(zip(results, shifts.tolist(), strict=True)), file)
    return _report(results, collectives, shifts)


def _match(results: Sequence[AnalysedResult]) -> _Collectives:
    """The n-th collective of a name on one rank is the n-th of that name on the others."""
    tables = []
    for result in results:
        joined = result.joined
        rows = np.flatnonzero(joined.is_collective)
        rows = rows[np.argsort(joined.tasks.start[rows], kind="stable")]
        keys = _numbered(joined.tasks.names[rows])
        tables.append(dict(zip(keys, rows.tolist(), strict=True)))
    common = [key for key in tables[0] if all(key in table for table in tables)]
    rows = [[table[key] for key in common] for table in tables]
    tasks = [result.joined.tasks for result in results]
    return _Collectives(
        np.array([task.start[row] for task, row in zip(tasks, rows, strict=True)], np.int64),
        np.array([task.end[row] for task, row in zip(tasks, rows, strict=True)], np.int64),
    )


def _numbered(names: Texts) -> list[tuple[str, int]]:
    """(name, how many of that name came before). Point-to-point has no counterpart by name."""
    counts: dict[str, int] = {}
    result = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        result.append((name, counts[name]))
    return result


def _clock_shifts(collectives: _Collectives) -> np.ndarray:
    """What brings each rank's times onto the first one's clock: a collective ends for all at once,
    but for noise, which the median leaves out."""
    if not collectives.end.size:
        return np.zeros(len(collectives.end), np.int64)
    return np.rint(np.median(collectives.end[0] - collectives.end, axis=1)).astype(np.int64)


def _report(
    results: Sequence[AnalysedResult], collectives: _Collectives, shifts: np.ndarray
) -> MergeReport:
    starts = collectives.start + shifts[:, None]
    count = starts.shape[1]
    arrivals = np.sort(starts, axis=0)
    last = np.argmax(starts, axis=0)
    waits = arrivals[-1] - starts if count else starts
    delays = arrivals[-1] - arrivals[-2] if count else np.empty(0, np.int64)
    order = np.argsort(collectives.start[0], kind="stable") if count else last
    parts = [_parts(result, collectives, rank, order) for rank, result in enumerate(results)]
    reports = [
        RankReport(
            rank=result.name or result.directory.name,
            clock_shift=int(shifts[rank]),
            times_last=int((last == rank).sum()),
            delay=int(delays[last == rank].sum()),
            waited=int(waits[rank].sum()),
            cause=_cause(parts, rank, (last == rank)[order]),
        )
        for rank, result in enumerate(results)
    ]
    return MergeReport(count, sorted(reports, key=lambda report: -report.delay))


def _parts(
    result: AnalysedResult, collectives: _Collectives, rank: int, order: np.ndarray
) -> dict[str, np.ndarray]:
    """What the rank did between the end of each collective's predecessor and its start, in ns."""
    joined = result.joined
    begins = np.concatenate((collectives.start[rank][order][:1], collectives.end[rank][order][:-1]))
    ends = np.maximum(collectives.start[rank][order], begins)
    computing = joined.tasks[joined.is_kernel & ~joined.is_collective]
    loading = joined.ops.names.where(lambda name: _DATALOADER in name.lower())
    ops = joined.ops
    spent = {
        "computing": _busy(computing.start, computing.end, begins, ends),
        "garbage collection": _busy(result.collections.start, result.collections.end, begins, ends),
        "data loading": _busy(ops["start"][loading], ops["end"][loading], begins, ends),
    }
    # What is left: the device had nothing to do, as nothing was launched.
    spent["launching"] = np.maximum(ends - begins - sum(spent.values()), 0)
    return spent


def _busy(starts: np.ndarray, ends: np.ndarray, begins: np.ndarray, stops: np.ndarray):
    """How much of each [begin, stop) the intervals cover."""
    starts, ends = busy_intervals(starts, ends)
    if not len(starts):
        return np.zeros(len(begins), np.int64)
    sums = np.concatenate(([0], np.cumsum(ends - starts)))

    def until(times: np.ndarray) -> np.ndarray:
        before = np.searchsorted(starts, times, side="right")
        last = np.maximum(before - 1, 0)
        cut = np.clip(times - starts[last], 0, (ends - starts)[last])
        return np.where(before > 0, sums[last] + cut, 0)

    return until(stops) - until(begins)


def _cause(parts: list[dict[str, np.ndarray]], rank: int, was_last: np.ndarray) -> str:
    """Of what the rank did more than the others on average, when it was the last to arrive."""
    if not was_last.any():
        return ""
    others = [part for position, part in enumerate(parts) if position != rank]
    excess = {
        name: own[was_last].sum() - np.mean([part[name][was_last].sum() for part in others])
        for name, own in parts[rank].items()
    }
    name = max(excess, key=excess.__getitem__)
    return name if excess[name] > 0 else ""
