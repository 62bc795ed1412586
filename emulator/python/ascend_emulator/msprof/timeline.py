"""The timeline: msprof_*.json in the trace event format."""

import json

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


def events(prof: ProfDirectory) -> list[dict]:
    result = [*_api_events(prof)]
    for device, tasks in prof.tasks.items():
        result += _task_events(prof, device, tasks)
        result += _flow_events(prof, device, tasks)
        result += _overlap_events(prof, device, tasks)
    return result


def level_column(apis: np.ndarray) -> list[tuple[str, str]]:
    try:
        return [LEVELS[level] for level in apis["level"].tolist()]
    except KeyError as error:
        raise ProfDirectoryError(f"API record of unknown level {error}") from None


def _process_id(prof: ProfDirectory, index: int, device: int) -> int:
    return prof.pid << 10 | index << 5 | device


def _process_events(pid: int, name: str, label: str, sort_index: int) -> list[dict]:
    rows = [("process_name", "name", name), ("process_labels", "labels", label)]
    rows.append(("process_sort_index", "sort_index", sort_index))
    return [
        {"name": event, "pid": pid, "tid": 0, "args": {key: value}, "ph": "M"}
        for event, key, value in rows
    ]


def _thread_events(pid: int, names: dict[int, str]) -> list[dict]:
    result = []
    for position, (tid, name) in enumerate(names.items()):
        for event, args in (
            ("thread_name", {"name": name}),
            ("thread_sort_index", {"sort_index": position}),
        ):
            result.append({"name": event, "pid": pid, "tid": tid, "args": args, "ph": "M"})
    return result


def _api_events(prof: ProfDirectory) -> list[dict]:
    apis = prof.apis
    pid = _process_id(prof, _CANN_INDEX, _HOST_DEVICE)
    threads = {thread: f"Thread {thread}" for thread in np.unique(apis["thread"]).tolist()}
    result = _process_events(pid, "CANN", "CPU", _CANN_INDEX) + _thread_events(pid, threads)
    columns = zip(
        level_column(apis),
        prof.text_column(apis["item"]),
        apis["thread"].tolist(),
        apis["connection"].tolist(),
        microseconds(apis["begin"] + prof.unix_offset),
        duration_microseconds(apis["end"] - apis["begin"]),
        strict=True,
    )
    for (prefix, level), name, thread, connection, start, duration in columns:
        args = {"Thread Id": thread, "Mode": name, "level": level, "id": name, "item_id": "0"}
        args["connection_id"] = connection
        event = {"name": f"{prefix}@{name}", "pid": pid, "tid": thread, "ts": start}
        result.append({**event, "dur": duration, "args": args, "ph": "X"})
    return result


def _task_events(prof: ProfDirectory, device: int, tasks: np.ndarray) -> list[dict]:
    pid = _process_id(prof, _HARDWARE_INDEX, device)
    streams = {stream: f"Stream {stream}" for stream in np.unique(tasks["stream"]).tolist()}
    result = _process_events(pid, "Ascend Hardware", f"NPU {device}", _HARDWARE_INDEX)
    result += _thread_events(pid, streams)
    columns = zip(
        tasks["kind"].tolist(),
        prof.text_column(tasks["name"]),
        prof.text_column(tasks["type"]),
        prof.text_column(tasks["engine"]),
        tasks["stream"].tolist(),
        tasks["task"].tolist(),
        tasks["connection"].tolist(),
        tasks["bytes"].tolist(),
        microseconds(tasks["start"] + prof.unix_offset),
        duration_microseconds(tasks["end"] - tasks["start"]),
        strict=True,
    )
    for kind, name, task_type, engine, stream, task, connection, size, start, duration in columns:
        args = {"Model Id": _NO_ID, "Task Type": engine, "Physic Stream Id": stream}
        args |= {"Task Id": task, "Batch Id": 0, "Subtask Id": _NO_ID, "connection_id": connection}
        if kind == MEMCPY:
            bandwidth = size / (duration * 1000) if duration else 0
            args |= {"size(B)": size, "bandwidth(GB/s)": bandwidth, "operation": task_type}
        event = {"name": name, "pid": pid, "tid": stream, "ts": start}
        result.append({**event, "dur": duration, "args": args, "ph": "X"})
    return result


def _flow_events(prof: ProfDirectory, device: int, tasks: np.ndarray) -> list[dict]:
    launches = _launches(prof.apis)
    tasks = tasks[tasks["connection"] != 0]
    if not len(launches) or not len(tasks):
        return []
    positions = np.searchsorted(launches["connection"], tasks["connection"])
    positions = np.minimum(positions, len(launches) - 1)
    matched = launches["connection"][positions] == tasks["connection"]
    sources, targets = launches[positions[matched]], tasks[matched]
    host_pid = _process_id(prof, _CANN_INDEX, _HOST_DEVICE)
    device_pid = _process_id(prof, _HARDWARE_INDEX, device)
    result = []
    for connection, thread, begin, stream, start in zip(
        targets["connection"].tolist(),
        sources["thread"].tolist(),
        microseconds(sources["begin"] + prof.unix_offset),
        targets["stream"].tolist(),
        microseconds(targets["start"] + prof.unix_offset),
        strict=True,
    ):
        identity = str(connection << 32)
        flow = {"name": f"HostToDevice{identity}", "cat": "HostToDevice", "id": identity}
        result.append({**flow, "ph": "s", "pid": host_pid, "tid": thread, "ts": begin})
        end = {"ph": "f", "bp": "e", "pid": device_pid, "tid": stream, "ts": start}
        result.append({**flow, **end})
    return result


def _overlap_events(prof: ProfDirectory, device: int, tasks: np.ndarray) -> list[dict]:
    pid = _process_id(prof, _OVERLAP_INDEX, device)
    result = _process_events(pid, "Overlap Analysis", f"NPU {device}", _OVERLAP_INDEX)
    result += _thread_events(pid, dict(enumerate(overlap.ROWS)))
    for tid, (starts, ends) in enumerate(overlap.intervals(tasks)):
        times = microseconds(starts + prof.unix_offset)
        for start, duration in zip(times, duration_microseconds(ends - starts), strict=True):
            event = {"name": overlap.ROWS[tid], "pid": pid, "tid": tid, "ts": start}
            result.append({**event, "dur": duration, "ph": "X"})
    return result


def _launches(apis: np.ndarray) -> np.ndarray:
    """One call per connection, ordered by connection: the most specific one."""
    apis = apis[apis["connection"] != 0]
    order = np.argmax(apis["level"][:, None] == _LAUNCH_ORDER[None, :], axis=1)
    apis = apis[np.lexsort((apis["begin"], order, apis["connection"]))]
    _, first = np.unique(apis["connection"], return_index=True)
    return apis[first]


def dump(prof: ProfDirectory, file) -> None:
    file.write("[\n")
    file.write(",\n".join(map(json.dumps, events(prof))))
    file.write("\n]\n")
