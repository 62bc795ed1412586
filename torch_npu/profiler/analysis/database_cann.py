"""The tables of CANN's side, for an msprof that exports text only."""

import numpy as np

from .database_schema import (
    API_LEVELS,
    CANN_TABLES,
    ENUM_SCHEMA,
    ENUMS,
    HOST_TABLES,
    NO_STRING,
    OVERLAP_TYPES,
    SCHEMA_VERSION,
)
from .device_timeline import OVERLAP
from .join import Joined
from .result import ResultDirectory
from .tables import read_csv
from .texts import Texts
from .time_format import to_nanoseconds

_NO_ID, _NO_DATA_TYPE = 4294967295, 65534
# Names of copies as they end: HostToDevice, host_to_device …; the order is that of the enumeration.
_COPIES = ("hosttohost", "hosttodevice", "devicetohost", "devicetodevice")
_OTHER_COPY = 65535


class Strings:
    """STRING_IDS: numbers texts from `first` on. Never 0, which readers take for "not found"."""

    def __init__(self, first: int = 1) -> None:
        self._first = first
        self._ids: dict[str, int] = {}

    def add(self, text: str) -> int:
        return self._ids.setdefault(text, self._first + len(self._ids))

    def column(self, texts: Texts) -> list[int]:
        ids = np.array([self.add(text) for text in texts.values], np.int64)
        return ids[texts.ids].tolist() if len(texts) else []

    def rows(self) -> list[tuple[int, str]]:
        return [(identity, text) for text, identity in self._ids.items()]


def write(database, result: ResultDirectory, joined: Joined) -> None:
    strings = Strings()
    tables = {
        "NPU_INFO": [(device, "Ascend") for device in joined.devices],
        "SESSION_TIME_INFO": _session(joined),
        "CANN_API": _apis(joined, strings),
        "TASK": _tasks(joined, strings),
        "COMMUNICATION_OP": _communication(joined, strings),
        "MEMCPY_INFO": _copies(joined),
        "OVERLAP_ANALYSIS": _overlap(joined),
    }
    if result.cann_output is not None:
        tables["COMPUTE_TASK_INFO"] = _kernels(joined, result, strings)
    for name, rows in tables.items():
        database.insert(name, CANN_TABLES[name], rows)
    for name, values in ENUMS.items():
        database.insert(name, ENUM_SCHEMA, values)
    database.insert("STRING_IDS", HOST_TABLES["STRING_IDS"], strings.rows())
    database.insert("META_DATA", HOST_TABLES["META_DATA"], SCHEMA_VERSION)


def _session(joined: Joined) -> list[tuple[int, int]]:
    everything = joined.timeline.everything
    if not len(everything):
        return []
    return [(int(everything.start.min()), int(everything.end.max()))]


def _apis(joined: Joined, strings: Strings):
    apis = joined.apis
    pid = _host_pid(joined)
    layers = Texts(apis.names.ids, [name.partition("@")[0] for name in apis.names.values])
    names = Texts(apis.names.ids, [name.partition("@")[2] or name for name in apis.names.values])
    level_of = [API_LEVELS.get(layer, (0, ""))[0] for layer in layers.values]
    levels = np.array(level_of, np.int64)[layers.ids] if len(apis) else apis.pid
    # The key is unique: of a connection's calls the most specific one has it, as tasks refer to it.
    connections = apis.connection.copy()
    order = np.lexsort((apis.start, _specificity(levels), connections))
    first = np.ones(len(order), bool)
    first[1:] = np.diff(connections[order]) != 0
    first &= connections[order] > 0
    others = order[~first]
    connections[others] = connections.max(initial=0) + 1 + np.arange(len(others))
    return zip(
        apis.start.tolist(),
        apis.end.tolist(),
        levels.tolist(),
        (pid << 32 | apis.tid).tolist(),
        connections.tolist(),
        strings.column(names),
        strict=True,
    )


def _specificity(levels: np.ndarray) -> np.ndarray:
    order = [10000, 5500, 5000, 15000, 20000]
    return np.array([order.index(level) if level in order else 9 for level in levels.tolist()])


def _tasks(joined: Joined, strings: Strings):
    tasks, count = joined.tasks, len(joined.tasks)
    return zip(
        tasks.start.tolist(),
        tasks.end.tolist(),
        joined.device.tolist(),
        tasks.connection.tolist(),
        range(count),
        [_host_pid(joined)] * count,
        strings.column(tasks.task_types),
        [_NO_ID] * count,
        tasks.tid.tolist(),
        tasks.task.tolist(),
        [_NO_ID] * count,
        strict=True,
    )


def _communication(joined: Joined, strings: Strings):
    tasks = joined.tasks
    unknown = strings.add("N/A")
    for row in np.flatnonzero(joined.is_collective).tolist():
        name = strings.add(tasks.names[row])
        place = int(tasks.pid[row]), int(tasks.tid[row])
        group = joined.timeline.threads.get(place, "N/A")
        yield (
            name,
            int(tasks.start[row]),
            int(tasks.end[row]),
            int(tasks.connection[row]),
            strings.add(group.removeprefix("Group ").removesuffix(" Communication")),
            row,
            0,
            0,
            _NO_DATA_TYPE,
            unknown,
            None,
            name,
            int(joined.device[row]),
            None,
        )


def _copies(joined: Joined):
    tasks = joined.tasks
    for row in np.flatnonzero(tasks.size >= 0).tolist():
        name = tasks.operations[row].lower().replace("_", "").replace(" ", "")
        kinds = (number for number, ending in enumerate(_COPIES) if name.endswith(ending))
        yield row, int(tasks.size[row]), next(kinds, _OTHER_COPY)


def _overlap(joined: Joined):
    overlap = joined.timeline.slices(OVERLAP)
    types = np.array(
        [
            OVERLAP_TYPES.index(name) if name in OVERLAP_TYPES else -1
            for name in overlap.names.values
        ]
    )
    return zip(
        range(len(overlap)),
        joined.timeline.device_of(overlap.pid).tolist(),
        overlap.start.tolist(),
        overlap.end.tolist(),
        types[overlap.names.ids].tolist() if len(overlap) else [],
        strict=True,
    )


def _kernels(joined: Joined, result: ResultDirectory, strings: Strings):
    """op_summary has no task's number in TASK: the task is found by device, stream and start."""
    header, rows = read_csv(result.cann_output, "op_summary")
    if not header:
        return
    tasks = joined.tasks
    places = zip(joined.device.tolist(), tasks.tid.tolist(), tasks.start.tolist(), strict=True)
    by_place = {place: row for row, place in enumerate(places) if joined.is_kernel[row]}
    at = {name: header.index(name) for name in header}

    def text(row: list[str], title: str) -> int:
        return strings.add(row[at[title]]) if title in at else NO_STRING

    for row in rows:
        (start,) = to_nanoseconds([row[at["Task Start Time(us)"]]])
        place = int(row[at["Device_id"]]), int(row[at["Stream ID"]]), int(start)
        task = by_place.pop(place, None)
        if task is None or joined.is_collective[task]:
            continue
        yield (
            text(row, "Op Name"),
            task,
            int(row[at["Block Num"]]),
            int(row[at["Mix Block Num"]]),
            text(row, "Task Type"),
            text(row, "OP Type"),
            text(row, "Input Formats"),
            text(row, "Input Data Types"),
            text(row, "Input Shapes"),
            text(row, "Output Formats"),
            text(row, "Output Data Types"),
            text(row, "Output Shapes"),
            NO_STRING,
            text(row, "OP State"),
            text(row, "HF32 Eligible"),
        )


def _host_pid(joined: Joined) -> int:
    if len(joined.ops):
        return int(joined.ops["process"][0])
    # The process numbers of a timeline are made of the host's (see its contract).
    return int(joined.apis.pid[0]) >> 10 if len(joined.apis) else 0
