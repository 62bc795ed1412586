"""step_trace_time.csv: how each step's time divides into computing, communication and idling."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np

from .device_timeline import OVERLAP, Slices
from .join import Joined
from .time_format import to_microseconds

COLUMNS = [
    "Device_id",
    "Step",
    "Computing",
    "Communication(Not Overlapped)",
    "Overlapped",
    "Communication",
    "Free",
    "Stage",
    "Bubble",
    "Communication(Not Overlapped and Exclude Receive)",
    "Preparing",
]
_COMPUTING, _COMMUNICATION, _NOT_OVERLAPPED, _FREE = _ROWS = (
    "Computing",
    "Communication",
    "Communication(Not Overlapped)",
    "Free",
)
_RECEIVE = "hcom_receive"


@dataclass(frozen=True)
class StepTime:
    """Parts of one step on one device, in ns."""

    computing: int
    not_overlapped: int
    overlapped: int
    communication: int
    free: int
    stage: int
    bubble: int
    not_overlapped_without_receive: int
    preparing: int


@dataclass(frozen=True)
class DeviceStep:
    device: int
    step: str  # "" without a schedule
    host_start: int
    begin: int  # of the first task
    end: int  # of the last one
    times: StepTime


def step_trace_time(joined: Joined) -> Iterator[bytes]:
    """The text of step_trace_time.csv."""
    yield (",".join(COLUMNS) + "\n").encode()
    for step in device_steps(joined):
        times = to_microseconds(np.array(astuple(step.times)))
        yield (",".join([str(step.device), step.step, *times]) + "\n").encode()


def device_steps(joined: Joined) -> list[DeviceStep]:
    """The steps of each device, by start; those without device tasks are left out."""
    overlap = joined.timeline.slices(OVERLAP)
    overlap_device = joined.timeline.device_of(overlap.pid)
    receives = joined.tasks.names.where(lambda name: name.lower().startswith(_RECEIVE))
    receives &= joined.is_collective
    result = []
    for device in joined.devices:
        sums = {
            name: _Sums(overlap[(overlap_device == device) & overlap.names.where(name.__eq__)])
            for name in _ROWS
        }
        received = _Sums(joined.tasks[receives & (joined.device == device)])
        for step, host_start, begin, end in _ranges(joined, device):
            times = _times(sums, received, host_start, begin, end)
            if times is not None:
                result.append(DeviceStep(device, step, host_start, begin, end, times))
    return result


class _Sums:
    """Durations of slices by start, summed up so that any range costs two searches."""

    def __init__(self, slices: Slices) -> None:
        order = np.argsort(slices.start, kind="stable")
        self._starts = slices.start[order]
        self._ends = np.maximum.accumulate(slices.end[order]) if len(order) else self._starts
        self._total = np.concatenate(([0], np.cumsum(slices.duration[order])))

    def rows(self, begin: int, end: int) -> tuple[int, int]:
        first, after = np.searchsorted(self._starts, (begin, end))
        return int(first), int(after)

    def total(self, begin: int, end: int) -> int:
        first, after = self.rows(begin, end)
        return int(self._total[after] - self._total[first])

    def span(self, begin: int, end: int) -> tuple[int, int] | None:
        """Start of the first and end of the last slice that starts in the range."""
        first, after = self.rows(begin, end)
        return None if first == after else (int(self._starts[first]), int(self._ends[after - 1]))


def _ranges(joined: Joined, device: int):
    """(step id, start on the host, first task's start, last task's end) of each step."""
    mine = np.flatnonzero(joined.device == device)
    if not len(mine):
        return
    tasks, steps = joined.tasks[mine], joined.ops.steps
    if not steps:
        begin = int(tasks.start.min())
        first = int(joined.ops["start"].min()) if len(joined.ops) else begin
        yield "", first, begin, int(tasks.end.max())
        return
    of_task = joined.task_steps[mine]
    begins = np.full(len(steps), np.iinfo(np.int64).max)
    ends = np.zeros(len(steps), np.int64)
    inside = of_task >= 0
    np.minimum.at(begins, of_task[inside], tasks.start[inside])
    np.maximum.at(ends, of_task[inside], tasks.end[inside])
    for position, (identity, host_start, _) in enumerate(steps):
        if ends[position]:
            yield identity, host_start, int(begins[position]), int(ends[position])


def _times(
    sums: dict[str, _Sums], received: _Sums, host_start: int, begin: int, end: int
) -> StepTime | None:
    spans = {name: span for name in _ROWS if (span := sums[name].span(begin, end)) is not None}
    if not spans:
        return None
    total = {name: sums[name].total(begin, end) for name in _ROWS}
    bubble = received.total(begin, end)
    whole = max(last for _, last in spans.values()) - min(first for first, _ in spans.values())
    busy = [spans[name][0] for name in (_COMPUTING, _COMMUNICATION) if name in spans]
    communication, not_overlapped = total[_COMMUNICATION], total[_NOT_OVERLAPPED]
    return StepTime(
        computing=total[_COMPUTING],
        not_overlapped=not_overlapped,
        overlapped=communication - not_overlapped,
        communication=communication,
        free=total[_FREE],
        stage=whole - bubble,
        bubble=bubble,
        not_overlapped_without_receive=max(not_overlapped - bubble, 0),
        preparing=min(busy, default=begin) - host_start,
    )
