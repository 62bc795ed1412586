"""Reads the timeline that msprof exports into columns."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import trace_events
from .texts import TextPool, Texts

CANN, HARDWARE, OVERLAP = "CANN", "Ascend Hardware", "Overlap Analysis"
COMMUNICATION = ("Communication", "HCCL")
COLLECTIVE_TYPES = ("COMMUNICATION", "HCCL")

# A task belongs to the most specific call of its connection.
_LAUNCH_ORDER = {"Node": 0, "Communication": 1, "Runtime": 2, "Model": 3, "AscendCL": 4}

# What Level0 leaves out: the rows of these layers, and their processes.
_LEVEL0_PRUNED = (
    "CANN",
    "AscendCL",
    "Runtime",
    "GE",
    "Node",
    "Model",
    "Hccl",
    "acl_to_npu",
    "Communication@",
)
_SLICE, _METADATA, _FLOWS = ord("X"), ord("M"), [ord(phase) for phase in "stf"]


@dataclass(frozen=True)
class Slices:
    """Complete events. Times: Unix ns."""

    pid: np.ndarray
    tid: np.ndarray
    start: np.ndarray
    duration: np.ndarray
    connection: np.ndarray  # -1: none
    task: np.ndarray  # id of the task, -1: none
    size: np.ndarray  # bytes that were copied, -1: no copy
    names: Texts
    task_types: Texts
    operations: Texts  # of copies: from where to where

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, rows) -> "Slices":
        return Slices(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def end(self) -> np.ndarray:
        return self.start + self.duration


_NO_TEXTS = Texts(np.empty(0, np.int32), [])
_NO_SLICES = Slices(*(np.empty(0, np.int64) for _ in range(7)), *[_NO_TEXTS] * 3)


@dataclass(frozen=True)
class SourceFile:
    """One exported file, and which parts of it are shown."""

    path: Path
    begins: np.ndarray
    ends: np.ndarray

    def texts(self) -> Iterator[bytes]:
        """The events as msprof wrote them; neighbours come as one text."""
        if not len(self.begins):
            return
        with (
            open(self.path, "rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            for begin, end in zip(self.begins.tolist(), self.ends.tolist(), strict=True):
                yield data[begin:end]


@dataclass(frozen=True)
class DeviceTimeline:
    everything: Slices = _NO_SLICES
    files: list[SourceFile] = field(default_factory=list)
    process_names: dict[int, str] = field(default_factory=dict)
    devices: dict[int, int] = field(default_factory=dict)  # by pid, of NPU processes
    threads: dict[tuple[int, int], str] = field(default_factory=dict)  # names by pid and tid

    def slices(self, *processes: str) -> Slices:
        return self.everything[np.isin(self.everything.pid, self.pids(*processes))]

    def pids(self, *processes: str) -> list[int]:
        return [pid for pid, name in self.process_names.items() if name in processes]

    def device_of(self, pids: np.ndarray) -> np.ndarray:
        """The device of each process, -1 if it has none."""
        known, positions = np.unique(pids, return_inverse=True)
        return np.array([self.devices.get(pid, -1) for pid in known.tolist()], np.int64)[positions]


class _Reader:
    """Gathers columns block by block."""

    def __init__(self) -> None:
        self.names, self.types, self.operations = (TextPool({b"": 0}) for _ in range(3))
        self.columns: list[list[np.ndarray]] = []
        self.metadata: list[dict] = []

    def add(self, block: trace_events.Block) -> "_Places":
        slices = block.phases == _SLICE
        kept = np.flatnonzero(slices)
        pid = block.integers(b"pid", 1)
        columns = [
            pid,
            block.integers(b"tid", 1),
            block.nanoseconds(b"ts"),
            block.nanoseconds(b"dur"),
            block.integers(b"connection_id", 2),
            block.integers(b"Task Id", 2),
            block.integers(b"size(B)", 2),
            block.texts(b"name", 1, self.names, slices),
            block.texts(b"Task Type", 2, self.types, slices),
            block.texts(b"operation", 2, self.operations, slices),
        ]
        self.columns.append([column[kept] for column in columns])
        self.metadata += block.parsed(np.flatnonzero(block.phases == _METADATA))
        names = np.where(slices, columns[7], -1)
        is_flow = np.isin(block.phases, _FLOWS)
        return _Places(block.starts + block.offset, block.ends + block.offset, pid, names, is_flow)

    def slices(self) -> Slices:
        if not self.columns:
            return _NO_SLICES
        merged = [np.concatenate(column) for column in zip(*self.columns, strict=True)]
        self.columns.clear()
        *numbers, names, types, operations = merged
        texts = ((self.names, names), (self.types, types), (self.operations, operations))
        return Slices(
            *numbers, *(pool.column(ids, trace_events.decode_text) for pool, ids in texts)
        )


@dataclass(frozen=True)
class _Places:
    """Where events lie in their file, and what decides whether Level0 shows them."""

    begins: np.ndarray
    ends: np.ndarray
    pid: np.ndarray
    name: np.ndarray  # id, -1 for what is no slice
    is_flow: np.ndarray

    def whole(self) -> tuple[np.ndarray, np.ndarray]:
        return self.begins[:1], self.ends[-1:]

    def shown(self, pids: list[int], names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is left without these processes and names, and without arrows from there."""
        pruned = np.isin(self.pid, pids) | names[self.name] | self.is_flow
        edges = np.flatnonzero(np.diff(np.concatenate(([True], pruned, [True]))))
        first, after = edges.reshape(-1, 2).T
        return self.begins[first], self.ends[after - 1]


def read(output: Path, level: str) -> DeviceTimeline:
    """`output`: mindstudio_profiler_output. Large timelines come in slices, which are joined."""
    reader = _Reader()
    places: list[tuple[Path, list]] = []
    for path in sorted(output.glob("msprof_*.json")):
        blocks = map(reader.add, trace_events.read_blocks(path))
        # At other levels everything is shown, and that needs no list of events.
        places.append((path, list(blocks if level == "Level0" else map(_Places.whole, blocks))))
    slices = reader.slices()
    names, devices, threads = {}, {}, {}
    for event in reader.metadata:
        if event["name"] == "process_name":
            names[event["pid"]] = event["args"]["name"]
        elif event["name"] == "thread_name":
            threads[event["pid"], event["tid"]] = event["args"]["name"]
        elif event["name"] == "process_labels":
            kind, _, number = event["args"]["labels"].partition(" ")
            if kind == "NPU":
                devices[event["pid"]] = int(number) if number else -1
    if level == "Level0":
        pids = [pid for pid, name in names.items() if name.startswith(_LEVEL0_PRUNED)]
        pruned = [name.startswith(_LEVEL0_PRUNED) for name in slices.names.values]
        hidden = np.array([*pruned, False])  # the last one is that of -1
        places = [(path, [block.shown(pids, hidden) for block in of]) for path, of in places]
    files = [
        SourceFile(path, *map(np.concatenate, zip(*blocks, strict=True)))
        for path, blocks in places
        if blocks
    ]
    return DeviceTimeline(slices, files, names, devices, threads)


def launches_of(tasks: Slices, apis: Slices) -> np.ndarray:
    """For each task the position in `apis` of the call that launched it, -1 if there is none."""
    order_of_name = [
        _LAUNCH_ORDER.get(name.partition("@")[0], len(_LAUNCH_ORDER)) for name in apis.names.values
    ]
    order = np.array(order_of_name, np.int64)[apis.names.ids]
    by_connection = np.lexsort((apis.start, order, apis.connection))
    connections, first = np.unique(apis.connection[by_connection], return_index=True)
    candidates = by_connection[first]
    if not len(candidates):
        return np.full(len(tasks), -1)
    found = np.minimum(np.searchsorted(connections, tasks.connection), len(connections) - 1)
    matched = (connections[found] == tasks.connection) & (tasks.connection > 0)
    return np.where(matched, candidates[found], -1)
