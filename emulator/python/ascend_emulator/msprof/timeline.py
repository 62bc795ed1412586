"""The timeline: msprof_*.json in the trace event format."""

import json
from collections.abc import Iterator

import numpy as np

from ascend_emulator.msprof import overlap
from ascend_emulator.msprof.number_format import duration_microseconds, microseconds
from ascend_emulator.msprof.prof_directory import MEMCPY, ProfDirectory, ProfDirectoryError

# Level number -> (prefix of the event's name, level name).
LEVELS = {
    20000: ("AscendCL", "acl"),
    15000: ("Model", "model"),
    10000: ("Node", "node"),
    5500: ("Communication", "communication"),
    5000: ("Runtime", "runtime"),
}
_CANN_INDEX, _HARDWARE_INDEX, _OVERLAP_INDEX, _HOST_DEVICE = 7, 14, 31, 31
_NO_ID = 4294967295
# A task's flow starts at the most specific call of its connection.
_LAUNCH_ORDER = np.array([10000, 5500, 5000, 15000, 20000])


def events(prof: ProfDirectory) -> Iterator[str]:
    """JSON texts. Rows that come by the thousand are formatted directly, the rest by json."""
    yield from _api_events(prof)
    for device, tasks in prof.tasks.items():
        yield from _task_events(prof, device, tasks)
        yield from _flow_events(prof, device, tasks)
        yield from _overlap_events(prof, device, tasks)


def level_column(apis: np.ndarray) -> list[tuple[str, str]]:
    try:
        return [LEVELS[level] for level in apis["level"].tolist()]
    except KeyError as error:
        raise ProfDirectoryError(f"API record of unknown level {error}") from None


def _process_id(prof: ProfDirectory, index: int, device: int) -> int:
    return prof.pid << 10 | index << 5 | device


def _process_events(pid: int, name: str, label: str, sort_index: int) -> Iterator[str]:
    rows = [("process_name", "name", name), ("process_labels", "labels", label)]
    rows.append(("process_sort_index", "sort_index", sort_index))
    for event, key, value in rows:
        yield json.dumps({"name": event, "pid": pid, "tid": 0, "args": {key: value}, "ph": "M"})


def _thread_events(pid: int, names: dict[int, str]) -> Iterator[str]:
    for position, (tid, name) in enumerate(names.items()):
        for event, args in (
            ("thread_name", {"name": name}),
            ("thread_sort_index", {"sort_index": position}),
        ):
            yield json.dumps({"name": event, "pid": pid, "tid": tid, "args": args, "ph": "M"})


def _slice(name: str, pid: int, tid: int, start: str, duration: float, args: str) -> str:
    """`name` and `args` are JSON already."""
    return (
        f'{{"name": {name}, "pid": {pid}, "tid": {tid}, "ts": "{start}", "dur": {duration}, '
        f'"args": {args}, "ph": "X"}}'
    )


def _api_events(prof: ProfDirectory) -> Iterator[str]:
    apis = prof.apis
    pid = _process_id(prof, _CANN_INDEX, _HOST_DEVICE)
    threads = {thread: f"Thread {thread}" for thread in np.unique(apis["thread"]).tolist()}
    yield from _process_events(pid, "CANN", "CPU", _CANN_INDEX)
    yield from _thread_events(pid, threads)
    columns = zip(
        level_column(apis),
        prof.json_column(apis["item"]),
        apis["thread"].tolist(),
        apis["connection"].tolist(),
        microseconds(apis["begin"] + prof.unix_offset),
        duration_microseconds(apis["end"] - apis["begin"]),
        strict=True,
    )
    for (prefix, level), name, thread, connection, start, duration in columns:
        args = (
            f'{{"Thread Id": {thread}, "Mode": "{name}", "level": "{level}", "id": "{name}", '
            f'"item_id": "0", "connection_id": {connection}}}'
        )
        yield _slice(f'"{prefix}@{name}"', pid, thread, start, duration, args)


def _task_events(prof: ProfDirectory, device: int, tasks: np.ndarray) -> Iterator[str]:
    pid = _process_id(prof, _HARDWARE_INDEX, device)
    streams = {stream: f"Stream {stream}" for stream in np.unique(tasks["stream"]).tolist()}
    yield from _process_events(pid, "Ascend Hardware", f"NPU {device}", _HARDWARE_INDEX)
    yield from _thread_events(pid, streams)
    columns = zip(
        tasks["kind"].tolist(),
        prof.json_column(tasks["name"]),
        prof.json_column(tasks["type"]),
        prof.json_column(tasks["engine"]),
        tasks["stream"].tolist(),
        tasks["task"].tolist(),
        tasks["connection"].tolist(),
        tasks["bytes"].tolist(),
        microseconds(tasks["start"] + prof.unix_offset),
        duration_microseconds(tasks["end"] - tasks["start"]),
        strict=True,
    )
    for kind, name, task_type, engine, stream, task, connection, size, start, duration in columns:
        args = (
            f'"Model Id": {_NO_ID}, "Task Type": "{engine}", "Physic Stream Id": {stream}, '
            f'"Task Id": {task}, "Batch Id": 0, "Subtask Id": {_NO_ID}, '
            f'"connection_id": {connection}'
        )
        if kind == MEMCPY:
            bandwidth = size / (duration * 1000) if duration else 0
            args += f', "size(B)": {size}, "bandwidth(GB/s)": {bandwidth}, '
            args += f'"operation": "{task_type}"'
        yield _slice(f'"{name}"', pid, stream, start, duration, f"{{{args}}}")


def _flow_events(prof: ProfDirectory, device: int, tasks: np.ndarray) -> Iterator[str]:
    launches = _launches(prof.apis)
    tasks = tasks[tasks["connection"] != 0]
    if not len(launches) or not len(tasks):
        return
    positions = np.searchsorted(launches["connection"], tasks["connection"])
    positions = np.minimum(positions, len(launches) - 1)
    matched = launches["connection"][positions] == tasks["connection"]
    sources, targets = launches[positions[matched]], tasks[matched]
    host_pid = _process_id(prof, _CANN_INDEX, _HOST_DEVICE)
    device_pid = _process_id(prof, _HARDWARE_INDEX, device)
    for connection, thread, begin, stream, start in zip(
        targets["connection"].tolist(),
        sources["thread"].tolist(),
        microseconds(sources["begin"] + prof.unix_offset),
        targets["stream"].tolist(),
        microseconds(targets["start"] + prof.unix_offset),
        strict=True,
    ):
        identity = connection << 32
        flow = f'{{"name": "HostToDevice{identity}", "cat": "HostToDevice", "id": "{identity}", '
        yield f'{flow}"ph": "s", "pid": {host_pid}, "tid": {thread}, "ts": "{begin}"}}'
        yield f'{flow}"ph": "f", "bp": "e", "pid": {device_pid}, "tid": {stream}, "ts": "{start}"}}'


def _overlap_events(prof: ProfDirectory, device: int, tasks: np.ndarray) -> Iterator[str]:
    pid = _process_id(prof, _OVERLAP_INDEX, device)
    yield from _process_events(pid, "Overlap Analysis", f"NPU {device}", _OVERLAP_INDEX)
    yield from _thread_events(pid, dict(enumerate(overlap.ROWS)))
    for tid, (starts, ends) in enumerate(overlap.intervals(tasks)):
        times = microseconds(starts + prof.unix_offset)
        for start, duration in zip(times, duration_microseconds(ends - starts), strict=True):
            yield _slice(f'"{overlap.ROWS[tid]}"', pid, tid, start, duration, "{}")


def _launches(apis: np.ndarray) -> np.ndarray:
    """One call per connection, ordered by connection: the most specific one."""
    apis = apis[apis["connection"] != 0]
    order = np.argmax(apis["level"][:, None] == _LAUNCH_ORDER[None, :], axis=1)
    apis = apis[np.lexsort((apis["begin"], order, apis["connection"]))]
    _, first = np.unique(apis["connection"], return_index=True)
    return apis[first]


def dump(prof: ProfDirectory, file) -> None:
    separator = "[\n"
    for event in events(prof):
        file.write(separator + event)
        separator = ",\n"
    file.write("\n]\n")
