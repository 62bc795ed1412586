"""Writes traces for ui.perfetto.dev: times relative to the first event, small flow numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from ..analysis.device_timeline import COMMUNICATION, HARDWARE, OVERLAP, Slices
from ..analysis.host_ops import HostOps
from ..analysis.texts import Texts
from .perfetto_schema import (
    INCREMENTAL_STATE_CLEARED,
    NEEDS_INCREMENTAL_STATE,
    SLICE_BEGIN,
    SLICE_END,
    Trace,
)

_SEQUENCE = 1
_BATCH = 1 << 12


@dataclass(frozen=True)
class _Lane:
    """The slices of one process; those of equal tid share a track."""

    process: str
    thread_names: dict[int, str]  # by tid; others are "Thread {tid}"
    tid: np.ndarray
    start: np.ndarray
    end: np.ndarray
    names: Texts
    notes: dict[str, Texts] = field(default_factory=dict)
    flows_from: dict[int, list[int]] = field(default_factory=dict)  # arrows by row
    flow_to: np.ndarray | None = None  # number of the arrow that ends at each slice, 0: none


class _Writer:
    """Collects packets and writes them in batches, since messages are costly one by one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._trace = Trace()
        self._names: dict[str, int] = {}
        self._tracks = 0
        self._flows = 0
        self._first = True

    def packet(self):
        if len(self._trace.packet) >= _BATCH:
            self.flush()
        packet = self._trace.packet.add(trusted_packet_sequence_id=_SEQUENCE)
        packet.sequence_flags = (
            INCREMENTAL_STATE_CLEARED if self._first else NEEDS_INCREMENTAL_STATE
        )
        self._first = False
        return packet

    def flush(self) -> None:
        # Traces that follow each other are one trace.
        self._file.write(self._trace.SerializeToString())
        self._trace = Trace()

    def new_track(self) -> int:
        self._tracks += 1
        return self._tracks

    def new_flows(self, count: int) -> np.ndarray:
        first = self._flows + 1
        self._flows += count
        return np.arange(first, first + count)

    def name_ids(self, texts: Texts) -> np.ndarray:
        """Numbers of the names; new ones are written down first."""
        new = [text for text in dict.fromkeys(texts.values) if text not in self._names]
        if new:
            entries = self.packet().interned_data.event_names
            for text in new:
                self._names[text] = len(self._names) + 1
                entries.add(iid=self._names[text], name=text or "(unnamed)")
        return np.array([self._names[text] for text in texts.values], np.int64)[texts.ids]


def write_trace(results: Sequence[tuple], file: BinaryIO) -> None:
    """`results`: (AnalysedResult, ns to add to its times), one per rank."""
    writer = _Writer(file)
    lanes = [
        (result.name, shift, lane) for result, shift in results for lane in _lanes(result, writer)
    ]
    origin = min(
        (int(lane.start.min()) + shift for _, shift, lane in lanes if len(lane.start)), default=0
    )
    for number, (rank, shift, lane) in enumerate(lanes, start=1):
        _write_lane(writer, lane, number, rank, shift - origin, origin)
    writer.flush()


def _lanes(result, writer: _Writer) -> Iterator[_Lane]:
    joined = result.joined
    ops, tasks, timeline = joined.ops, joined.tasks, joined.timeline
    launched = np.flatnonzero(joined.op >= 0)
    flow_to = np.zeros(len(tasks), np.int64)
    flow_to[launched] = writer.new_flows(len(launched))
    flows_of_op: dict[int, list[int]] = {}
    for op, flow in zip(joined.op[launched].tolist(), flow_to[launched].tolist(), strict=True):
        flows_of_op.setdefault(op, []).append(flow)

    yield _host_lane("Steps", ops, np.flatnonzero(ops.is_step), flows_of_op)
    yield _host_lane("Python", ops, np.flatnonzero(~ops.is_step), flows_of_op)
    yield _host_lane("CPU fallback", ops, result.fallbacks, {})
    collections = result.collections
    yield _Lane(
        "Python GC",
        {0: "Collections"},
        np.zeros(len(collections.start), np.int64),
        collections.start,
        collections.end,
        Texts.of(["GC"] * len(collections.start)),
    )
    yield _device_lane("CANN", joined.apis, {})
    for device in joined.devices:
        for process in (HARDWARE, *COMMUNICATION, OVERLAP):
            pids = [pid for pid in timeline.pids(process) if timeline.devices.get(pid) == device]
            names = {tid: text for (pid, tid), text in timeline.threads.items() if pid in pids}
            if process == OVERLAP:
                slices, flows = timeline.slices(OVERLAP), None
                slices = slices[np.isin(slices.pid, pids)]
            else:
                rows = np.flatnonzero(np.isin(tasks.pid, pids))
                slices, flows = tasks[rows], flow_to[rows]
            yield _device_lane(f"NPU {device}: {process}", slices, names, flows)


def _host_lane(name: str, ops: HostOps, rows: np.ndarray, flows: dict[int, list[int]]) -> _Lane:
    """Asynchronous ranges do not nest in those of their thread: they are not shown."""
    rows = rows[ops["is_async"][rows] == 0]
    return _Lane(
        name,
        {},
        ops["thread"][rows].astype(np.int64),
        ops["start"][rows],
        ops["end"][rows],
        ops.names[rows],
        {"Input Dims": ops.shapes[rows], "Call stack": ops.stacks[rows]},
        {lane_row: flows[row] for lane_row, row in enumerate(rows.tolist()) if row in flows},
    )


def _device_lane(
    name: str, slices: Slices, threads: dict[int, str], flows: np.ndarray | None = None
) -> _Lane:
    return _Lane(
        name,
        threads,
        slices.tid,
        slices.start,
        slices.end,
        slices.names,
        {"Task Type": slices.task_types},
        flow_to=flows,
    )


def _write_lane(writer: _Writer, lane: _Lane, pid: int, rank: str, shift: int, origin: int) -> None:
    if not len(lane.start):
        return
    process = writer.new_track()
    descriptor = writer.packet().track_descriptor
    descriptor.uuid = process
    descriptor.process.pid = pid
    descriptor.process.process_name = f"{rank}: {lane.process}" if rank else lane.process
    descriptor.process.process_labels.append(f"time 0 is {origin} ns of Unix time")
    name_ids = writer.name_ids(lane.names)
    for tid in np.unique(lane.tid).tolist():
        rows = np.flatnonzero(lane.tid == tid)
        rows = rows[np.lexsort((-lane.end[rows], lane.start[rows]))]
        name = lane.thread_names.get(tid, f"Thread {tid}")
        while len(rows):
            track = writer.new_track()
            descriptor = writer.packet().track_descriptor
            descriptor.uuid, descriptor.parent_uuid, descriptor.name = track, process, name
            rows = _write_track(writer, lane, rows, track, name_ids, shift)
            name += " (overlapping)"


def _write_track(
    writer: _Writer, lane: _Lane, rows: np.ndarray, track: int, name_ids: np.ndarray, shift: int
) -> np.ndarray:
    """Writes what nests properly; returns the rows that do not, which need another track."""
    open_ends: list[int] = []
    left_over = []
    notes = [(title, texts) for title, texts in lane.notes.items() if any(texts.values)]

    def close(time: int | None) -> None:
        while open_ends and (time is None or open_ends[-1] <= time):
            packet = writer.packet()
            packet.timestamp = open_ends.pop() + shift
            packet.track_event.type, packet.track_event.track_uuid = SLICE_END, track

    for row, start, end, name in zip(
        rows.tolist(),
        lane.start[rows].tolist(),
        lane.end[rows].tolist(),
        name_ids[rows].tolist(),
        strict=True,
    ):
        close(start)
        if open_ends and end > open_ends[-1]:
            left_over.append(row)
            continue
        packet = writer.packet()
        packet.timestamp = start + shift
        event = packet.track_event
        event.type, event.track_uuid, event.name_iid = SLICE_BEGIN, track, name
        for title, texts in notes:
            if texts[row]:
                event.debug_annotations.add(name=title, string_value=texts[row])
        if row in lane.flows_from:
            event.flow_ids.extend(lane.flows_from[row])
        if lane.flow_to is not None and lane.flow_to[row]:
            event.terminating_flow_ids.append(int(lane.flow_to[row]))
        open_ends.append(end)
    close(None)
    return np.array(left_over, np.int64)
