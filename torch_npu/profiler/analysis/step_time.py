"""step_trace_time.csv: how each step's time divides into computing, communication and idling."""

import numpy as np

from .device_timeline import OVERLAP
from .join import Joined, task_steps
from .tables import Table
from .time_format import to_microseconds

_COLUMNS = [
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
_COMPUTING, _COMMUNICATION, _NOT_OVERLAPPED, _FREE = (
    "Computing",
    "Communication",
    "Communication(Not Overlapped)",
    "Free",
)
_RECEIVE = "hcom_receive"


def step_trace_time(joined: Joined) -> Table:
    rows = []
    for device in sorted(set(joined.timeline.devices.values())):
        for step, host_start, begin, end in _device_steps(joined, device):
            row = _row(joined, device, host_start, begin, end)
            if row is not None:
                rows.append([device, step, *to_microseconds(np.array(row))])
    return _COLUMNS, rows


def _device_steps(joined: Joined, device: int):
    """(step id, start on the host, first task's start, last task's end) of each step."""
    tasks, steps = joined.tasks, joined.ops.steps()
    mine = _on_device(joined, tasks.pid, device)
    if not mine.any():
        return
    if not steps:
        first = joined.ops["start"].min() if len(joined.ops) else tasks.start[mine].min()
        yield "", first, tasks.start[mine].min(), (tasks.start + tasks.duration)[mine].max()
        return
    of_task = task_steps(joined)
    for position, (identity, host_start, _) in enumerate(steps):
        chosen = mine & (of_task == position)
        if chosen.any():
            end = (tasks.start + tasks.duration)[chosen].max()
            yield identity, host_start, tasks.start[chosen].min(), end


def _on_device(joined: Joined, pids: np.ndarray, device: int) -> np.ndarray:
    mine = [pid for pid, number in joined.timeline.devices.items() if number == device]
    return np.isin(pids, mine)


def _row(joined: Joined, device: int, host_start: int, begin: int, end: int) -> list | None:
    overlap = joined.timeline.slices(OVERLAP)
    inside = _on_device(joined, overlap.pid, device)
    inside &= (overlap.start >= begin) & (overlap.start < end)
    if not inside.any():
        return None
    names = np.array(overlap.names)

    def total(name: str) -> int:
        return int(overlap.duration[inside & (names == name)].sum())

    tasks = joined.tasks
    received = np.array([name.startswith(_RECEIVE) for name in tasks.names], bool)
    received &= _on_device(joined, tasks.pid, device) & (tasks.start >= begin) & (tasks.start < end)
    bubble = int(tasks.duration[received].sum())
    communication, not_overlapped = total(_COMMUNICATION), total(_NOT_OVERLAPPED)
    rows = np.flatnonzero(inside)
    whole = (overlap.start + overlap.duration)[rows].max() - overlap.start[rows].min()
    busy = inside & np.isin(names, (_COMPUTING, _COMMUNICATION))
    first = overlap.start[busy].min() if busy.any() else begin
    return [
        total(_COMPUTING),
        not_overlapped,
        communication - not_overlapped,
        communication,
        total(_FREE),
        whole - bubble,
        bubble,
        max(not_overlapped - bubble, 0),
        first - host_start,
    ]
