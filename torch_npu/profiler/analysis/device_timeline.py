"""Reads the timeline that msprof exports into columns."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .time_format import to_nanoseconds

CANN, HARDWARE, OVERLAP = "CANN", "Ascend Hardware", "Overlap Analysis"
COMMUNICATION = ("Communication", "HCCL")

# A task belongs to the most specific call of its connection.
_LAUNCH_ORDER = {"Node": 0, "Communication": 1, "Runtime": 2, "Model": 3, "AscendCL": 4}


@dataclass(frozen=True)
class Slices:
    """Complete events of some processes. Times: Unix ns."""

    pid: np.ndarray
    tid: np.ndarray
    start: np.ndarray
    duration: np.ndarray
    connection: np.ndarray  # -1: none
    names: list[str]
    task_types: list[str]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class DeviceTimeline:
    events: list[dict] = field(default_factory=list)  # as msprof wrote them
    process_names: dict[int, str] = field(default_factory=dict)
    devices: dict[int, int] = field(default_factory=dict)  # by pid, of NPU processes

    def slices(self, *processes: str) -> Slices:
        pids = {pid for pid, name in self.process_names.items() if name in processes}
        chosen = [e for e in self.events if e["ph"] == "X" and e["pid"] in pids]
        arguments = [event.get("args", {}) for event in chosen]
        return Slices(
            pid=np.array([event["pid"] for event in chosen], np.int64),
            tid=np.array([event["tid"] for event in chosen], np.int64),
            start=to_nanoseconds([str(event["ts"]) for event in chosen]),
            duration=np.rint(np.array([event["dur"] for event in chosen], float) * 1000).astype(
                np.int64
            ),
            connection=np.array([a.get("connection_id", -1) for a in arguments], np.int64),
            names=[event["name"] for event in chosen],
            task_types=[a.get("Task Type", "") for a in arguments],
        )


def read(output: Path) -> DeviceTimeline:
    """`output`: mindstudio_profiler_output. Large timelines come in slices, which are joined."""
    events: list[dict] = []
    for path in sorted(output.glob("msprof_*.json")):
        events += json.loads(path.read_text())
    names, devices = {}, {}
    for event in events:
        if event["ph"] != "M":
            continue
        if event["name"] == "process_name":
            names[event["pid"]] = event["args"]["name"]
        elif event["name"] == "process_labels":
            kind, _, number = event["args"]["labels"].partition(" ")
            if kind == "NPU":
                devices[event["pid"]] = int(number) if number else -1
    return DeviceTimeline(events, names, devices)


def launches_of(tasks: Slices, apis: Slices) -> np.ndarray:
    """For each task the position in `apis` of the call that launched it, -1 if there is none."""
    order = np.array(
        [_LAUNCH_ORDER.get(name.partition("@")[0], len(_LAUNCH_ORDER)) for name in apis.names],
        np.int64,
    )
    by_connection = np.lexsort((apis.start, order, apis.connection))
    connections, first = np.unique(apis.connection[by_connection], return_index=True)
    candidates = by_connection[first]
    if not len(candidates):
        return np.full(len(tasks), -1)
    found = np.minimum(np.searchsorted(connections, tasks.connection), len(connections) - 1)
    matched = (connections[found] == tasks.connection) & (tasks.connection > 0)
    return np.where(matched, candidates[found], -1)
