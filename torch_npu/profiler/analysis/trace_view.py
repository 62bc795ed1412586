"""trace_view.json: host operators, CANN calls, device tasks, and arrows between them."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from .gc_events import GcEvents
from .host_ops import BACKWARD_SCOPE, HostOps
from .join import Joined
from .queue_marks import Ranges
from .rows import Integers, Microseconds, Words, blocks
from .texts import Texts

_LINE = ";\r\n"  # between the items of a text that is a list
_GC_INDEX = 1
_END = b",\n"


def write(joined: Joined, collections: GcEvents, file: BinaryIO) -> None:
    """One JSON array; our own events are one per line."""
    file.write(b"[")
    separator = b"\n"
    for text in _texts(joined, collections):
        text = text.rstrip(b",\n")
        if text:
            file.write(separator + text)
            separator = _END
    file.write(b"\n]\n")


def forward_to_backward(ops: HostOps) -> tuple[np.ndarray, np.ndarray]:
    """Positions of forward operators (of several with the same sequence number on a thread the
    last to start) and of the backward operators on other threads that belong to them."""
    sequence = ops["sequence"]
    is_backward = ops["scope"] == BACKWARD_SCOPE
    forward = np.flatnonzero((sequence >= 0) & ~is_backward)
    backward = np.flatnonzero(
        (sequence >= 0)
        & is_backward
        & (ops["forward_thread"] != 0)
        & (ops["forward_thread"] != ops["thread"])
    )
    # Numbers threads, so that (thread, sequence) fits an integer that can be searched for.
    threads = np.unique(ops["thread"])
    if not len(forward) or not len(backward):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    width = int(sequence.max()) + 1

    def keys(rows: np.ndarray, column: str) -> np.ndarray:
        numbers = np.searchsorted(threads, ops[column][rows])
        return numbers * width + sequence[rows]

    order = np.lexsort((ops["start"][forward], keys(forward, "thread")))
    ordered = keys(forward, "thread")[order]
    wanted = keys(backward, "forward_thread")
    found = np.searchsorted(ordered, wanted, side="right") - 1
    known = (found >= 0) & (ordered[np.maximum(found, 0)] == wanted)
    return forward[order[found[known]]], backward[known]


def _texts(joined: Joined, collections: GcEvents) -> Iterator[bytes]:
    ops, tasks, marks = joined.ops, joined.tasks, joined.marks
    if len(ops):
        yield from _host_process(ops, marks.dequeues)
        yield from _op_rows(ops)
        pid = int(ops["process"][0])
        for name, ranges in (("Enqueue", marks.enqueues), ("Dequeue", marks.dequeues)):
            yield from _queue_rows(name, pid, ranges)
        yield from _gc_rows(collections, pid)
    for source in joined.timeline.files:
        yield from source.texts()
    if len(ops):
        enqueued, dequeued = marks.pairs()
        yield from _arrows(
            "async_task_queue",
            "enqueue_to_dequeue",
            marks.enqueues.correlation[enqueued],
            (np.full(len(enqueued), pid), *_place(marks.enqueues, enqueued)),
            (np.full(len(dequeued), pid), *_place(marks.dequeues, dequeued)),
        )
    targets = np.flatnonzero(joined.op >= 0)
    yield from _arrows(
        "async_npu",
        "torch_to_npu",
        tasks.start[targets],
        _op_place(ops, joined.op[targets]),
        (tasks.pid[targets], tasks.tid[targets], tasks.start[targets]),
    )
    forward, backward = forward_to_backward(ops)
    yield from _arrows(
        "fwdbwd",
        "fwdbwd",
        ops["sequence"][backward],
        _op_place(ops, forward),
        _op_place(ops, backward),
    )


def _process(pid: int, name: str, index: int) -> Iterator[bytes]:
    rows = {
        "process_name": {"name": name},
        "process_labels": {"labels": "CPU"},
        "process_sort_index": {"sort_index": index},
    }
    for event, args in rows.items():
        row = {"ph": "M", "name": event, "pid": pid, "tid": 0, "args": args}
        yield json.dumps(row).encode()


def _thread(pid: int, tid: int, name: str, index: int) -> Iterator[bytes]:
    rows = {"thread_name": {"name": name}, "thread_sort_index": {"sort_index": index}}
    for event, args in rows.items():
        row = {"ph": "M", "name": event, "pid": pid, "tid": tid, "args": args}
        yield json.dumps(row).encode()


def _host_process(ops: HostOps, dequeues: Ranges) -> Iterator[bytes]:
    pid = int(ops["process"][0])
    yield from _process(pid, "Python", 0)
    # Threads that empty the queue come after those that fill it.
    last = set(dequeues.thread.tolist())
    tids = sorted({*ops["thread"].tolist(), *last}, key=lambda tid: (tid in last, tid))
    for index, tid in enumerate(tids):
        yield from _thread(pid, tid, f"Thread {tid}", index)


def _op_rows(ops: HostOps) -> Iterator[bytes]:
    pieces = [
        b'{"ph": "X", "name": ',
        Words(ops.names, json.dumps),
        b', "pid": ',
        Integers(ops["process"]),
        b', "tid": ',
        Integers(ops["thread"]),
        b', "ts": "',
        Microseconds(ops["start"]),
        b'", "dur": ',
        Microseconds(ops["end"] - ops["start"]),
        b', "cat": "cpu_op", "args": {"Sequence number": ',
        Integers(ops["sequence"]),
        b', "Fwd thread id": ',
        Integers(ops["forward_thread"]),
    ]
    pieces.append(Words(_inputs(ops)))
    for title, column in (("Call stack", ops.stacks), ("Module Hierarchy", ops.modules)):
        pieces.append(Words(column, lambda text, title=title: _list_argument(title, text)))
    yield from blocks([*pieces, b"}}", _END])


def _inputs(ops: HostOps) -> Texts:
    """The arguments that describe inputs; "" where they were not recorded."""
    width = len(ops.dtypes.values)
    pairs, ids = np.unique(
        ops.shapes.ids.astype(np.int64) * width + ops.dtypes.ids, return_inverse=True
    )
    values = []
    for pair in pairs.tolist():
        shapes, dtypes = ops.shapes.values[pair // width], ops.dtypes.values[pair % width]
        known = (("Input Dims", shapes), ("Input type", dtypes)) if dtypes else ()
        values.append("".join(_argument(title, text) for title, text in known))
    return Texts(ids, values)


def _list_argument(title: str, text: str) -> str:
    return _argument(title, text) if text else ""


def _argument(title: str, text: str) -> str:
    return f', "{title}": {json.dumps(text.replace(";", _LINE))}'


def _queue_rows(name: str, pid: int, ranges: Ranges) -> Iterator[bytes]:
    named = Texts(ranges.names.ids, [f"{name}@{op}" for op in ranges.names.values])
    yield from blocks(
        [
            b'{"ph": "X", "name": ',
            Words(named, json.dumps),
            b', "pid": %d, "tid": ' % pid,
            Integers(ranges.thread),
            b', "ts": "',
            Microseconds(ranges.start),
            b'", "dur": ',
            Microseconds(ranges.end - ranges.start),
            b', "cat": "%s", "args": {"correlation_id": ' % name.lower().encode(),
            Integers(ranges.correlation),
            b"}}",
            _END,
        ]
    )


def _gc_rows(collections: GcEvents, host_pid: int) -> Iterator[bytes]:
    if not len(collections.start):
        return
    pid = host_pid << 10 | _GC_INDEX << 5
    yield from _process(pid, "Python GC", _GC_INDEX)
    yield from _thread(pid, 0, "Python GC", 0)
    yield from blocks(
        [
            b'{"ph": "X", "name": "GC", "pid": %d, "tid": 0, "ts": "' % pid,
            Microseconds(collections.start),
            b'", "dur": ',
            Microseconds(collections.end - collections.start),
            b', "cat": "GC", "args": {}}',
            _END,
        ]
    )


def _place(ranges: Ranges, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return ranges.thread[rows], ranges.start[rows]


def _op_place(ops: HostOps, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return ops["process"][rows], ops["thread"][rows], ops["start"][rows]


def _arrows(category: str, name: str, ids: np.ndarray, sources, targets) -> Iterator[bytes]:
    """`sources` and `targets`: columns pid, tid, time in ns."""
    ends = 'f", "bp": "e'
    starts = 's", "bp": "e' if category == "async_task_queue" else "s"
    pieces: list = []
    for phase, (pid, tid, time) in ((starts, sources), (ends, targets)):
        pieces += [
            f'{{"cat": "{category}", "name": "{name}", "ph": "{phase}", "id": '.encode(),
            Integers(ids),
            b', "pid": ',
            Integers(pid),
            b', "tid": ',
            Integers(tid),
            b', "ts": "',
            Microseconds(time),
            b'"}',
            _END,
        ]
    yield from blocks(pieces)
