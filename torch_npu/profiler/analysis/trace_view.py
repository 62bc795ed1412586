"""trace_view.json: host operators, CANN calls, device tasks, and arrows between them."""

import json
from collections.abc import Iterator

import numpy as np

from .device_timeline import CANN
from .host_ops import BACKWARD_SCOPE, HostOps
from .join import Joined
from .time_format import to_microseconds

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


_LINE = ";\r\n"  # between the items of a text that is a list


def write(joined: Joined, level: str, file) -> None:
    """One JSON array, an event per line."""
    separator = "[\n"
    for event in _events(joined, prune=level == "Level0"):
        file.write(separator + event)
        separator = ",\n"
    file.write("[]\n" if separator == "[\n" else "\n]\n")


def _events(joined: Joined, prune: bool) -> Iterator[str]:
    yield from _host_rows(joined.ops)
    pruned_pids = set()
    if prune:
        names = joined.timeline.process_names
        pruned_pids = {pid for pid, name in names.items() if name == CANN}
    for event in joined.timeline.events:
        if prune and (event["pid"] in pruned_pids or event["name"].startswith(_LEVEL0_PRUNED)):
            continue
        # An arrow needs both ends; at Level0 its source is not shown.
        if prune and event.get("cat") == "HostToDevice":
            continue
        yield json.dumps(event)
    yield from _torch_to_npu(joined)
    yield from _forward_to_backward(joined.ops)


def _host_rows(ops: HostOps) -> Iterator[str]:
    if not len(ops):
        return
    pid = int(ops["process"][0])
    process = {"process_name": {"name": "Python"}, "process_labels": {"labels": "CPU"}}
    process["process_sort_index"] = {"sort_index": 0}
    for name, args in process.items():
        yield json.dumps({"ph": "M", "name": name, "pid": pid, "tid": 0, "args": args})
    for position, tid in enumerate(np.unique(ops["thread"]).tolist()):
        thread = {"thread_name": {"name": f"Thread {tid}"}}
        thread["thread_sort_index"] = {"sort_index": position}
        for name, args in thread.items():
            yield json.dumps({"ph": "M", "name": name, "pid": pid, "tid": tid, "args": args})
    yield from _op_rows(ops, pid)


def _op_rows(ops: HostOps, pid: int) -> Iterator[str]:
    # Formatted by hand: there are many, and few distinct texts need JSON's quoting.
    quoted = {name: json.dumps(name) for name in set(ops.names)}
    inputs = {key: _input_arguments(*key) for key in set(zip(ops.shapes, ops.dtypes, strict=True))}
    columns = zip(
        ops.names,
        ops["thread"].tolist(),
        to_microseconds(ops["start"]),
        ((ops["end"] - ops["start"]) / 1000).tolist(),
        ops["sequence"].tolist(),
        ops["forward_thread"].tolist(),
        zip(ops.shapes, ops.dtypes, strict=True),
        strict=True,
    )
    for name, tid, start, duration, sequence, forward, key in columns:
        yield (
            f'{{"ph": "X", "name": {quoted[name]}, "pid": {pid}, "tid": {tid}, "ts": "{start}", '
            f'"dur": {duration}, "cat": "cpu_op", "args": {{"Sequence number": {sequence}, '
            f'"Fwd thread id": {forward}{inputs[key]}}}}}'
        )


def _input_arguments(shapes: str, dtypes: str) -> str:
    if not dtypes:
        return ""
    lines = {"Input Dims": shapes, "Input type": dtypes}
    return "".join(
        f', "{title}": {json.dumps(text.replace(";", _LINE))}' for title, text in lines.items()
    )


def _torch_to_npu(joined: Joined) -> Iterator[str]:
    ops, tasks = joined.ops, joined.tasks
    targets = np.flatnonzero(joined.op >= 0)
    sources = joined.op[targets]
    yield from _arrows(
        "async_npu",
        "torch_to_npu",
        tasks.start[targets].tolist(),
        (ops["process"][sources], ops["thread"][sources], ops["start"][sources]),
        (tasks.pid[targets], tasks.tid[targets], tasks.start[targets]),
    )


def _forward_to_backward(ops: HostOps) -> Iterator[str]:
    """From the last operator with a sequence number to its backward, if on another thread."""
    sequence = ops["sequence"]
    is_backward = (ops["scope"] == BACKWARD_SCOPE) & (ops["forward_thread"] != 0)
    forward = np.flatnonzero((sequence >= 0) & (ops["scope"] != BACKWARD_SCOPE))
    backward = np.flatnonzero(
        is_backward & (sequence >= 0) & (ops["forward_thread"] != ops["thread"])
    )
    # (thread, sequence) -> the operator that started last; later entries replace earlier ones.
    keys = zip(ops["thread"][forward].tolist(), sequence[forward].tolist(), strict=True)
    by_key = dict(zip(keys, forward.tolist(), strict=True))
    wanted = zip(ops["forward_thread"][backward].tolist(), sequence[backward].tolist(), strict=True)
    sources = np.array([by_key.get(key, -1) for key in wanted], np.int64)
    targets = backward[sources >= 0]
    sources = sources[sources >= 0]
    yield from _arrows(
        "fwdbwd",
        "fwdbwd",
        sequence[targets].tolist(),
        (ops["process"][sources], ops["thread"][sources], ops["start"][sources]),
        (ops["process"][targets], ops["thread"][targets], ops["start"][targets]),
    )


def _arrows(category: str, name: str, ids: list[int], sources, targets) -> Iterator[str]:
    """`sources` and `targets`: columns pid, tid, time in ns."""
    columns = zip(
        ids,
        sources[0].tolist(),
        sources[1].tolist(),
        to_microseconds(sources[2]),
        targets[0].tolist(),
        targets[1].tolist(),
        to_microseconds(targets[2]),
        strict=True,
    )
    flow = f'"cat": "{category}", "name": "{name}"'
    for identity, from_pid, from_tid, from_time, to_pid, to_tid, to_time in columns:
        yield (
            f'{{{flow}, "id": {identity}, "ph": "s", "pid": {from_pid}, "tid": {from_tid}, '
            f'"ts": "{from_time}"}}'
        )
        yield (
            f'{{{flow}, "id": {identity}, "ph": "f", "bp": "e", "pid": {to_pid}, "tid": {to_tid}, '
            f'"ts": "{to_time}"}}'
        )
