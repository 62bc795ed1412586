"""The tables of the framework's side: what ran on the host, and what it launched."""

import json

import numpy as np

from .database_cann import Strings
from .database_schema import (
    ENUM_SCHEMA,
    HOST_API_TYPES,
    HOST_TABLES,
    OPERATOR,
    QUEUE,
)
from .join import Joined
from .result import ResultDirectory
from .texts import Texts
from .trace_view import forward_to_backward

_FIRST_STRING = 1 << 28
_QUEUE_CONNECTIONS = 5 << 28


def write(database, result: ResultDirectory, joined: Joined, host: tuple[str, str]) -> None:
    strings = Strings(_FIRST_STRING)
    connections = _Connections(joined)
    tables = {
        "PYTORCH_API": [
            *_operators(joined, strings, connections),
            *_queue_rows(joined, strings, connections),
        ],
        "CONNECTION_IDS": connections.rows,
        "PYTORCH_CALLCHAINS": list(_call_chains(joined, strings)),
        "STEP_TIME": [(int(step), begin, end) for step, begin, end in joined.ops.steps],
        "GC_RECORD": _collections(result, joined),
        "RANK_DEVICE_MAP": _rank_devices(result, joined),
        "HOST_INFO": [host],
        "META_DATA": [(name, json.dumps(value)) for name, value in result.metadata().items()],
    }
    tables["STRING_IDS"] = strings.rows()  # the tables above add to them
    for name, rows in tables.items():
        database.insert(name, HOST_TABLES[name], rows)
    database.insert("ENUM_API_TYPE", ENUM_SCHEMA, HOST_API_TYPES)


class _Connections:
    """CONNECTION_IDS: per host range the connections it takes part in."""

    def __init__(self, joined: Joined) -> None:
        self.rows: list[tuple[int, int]] = []
        self._count = 0
        forward, backward = forward_to_backward(joined.ops)
        launched = np.flatnonzero((joined.op >= 0) & (joined.tasks.connection > 0))
        # A sequence number joins both passes; it must not look like a launch.
        passes = -1 - joined.ops["sequence"][backward]
        owners = np.concatenate((joined.op[launched], forward, backward))
        values = np.concatenate((joined.tasks.connection[launched], passes, passes))
        pairs = np.unique(np.stack((owners, values)), axis=1)
        self.of_operator = np.full(len(joined.ops), -1)
        self.of_operator[np.unique(pairs[0])] = 0
        used = np.flatnonzero(self.of_operator == 0)
        self.of_operator[used] = np.arange(len(used))
        self._count = len(used)
        self.rows += zip(self.of_operator[pairs[0]].tolist(), pairs[1].tolist(), strict=True)

    def add(self, values: np.ndarray) -> list[int]:
        """New ids with one connection each."""
        ids = list(range(self._count, self._count + len(values)))
        self._count += len(values)
        self.rows += zip(ids, values.tolist(), strict=True)
        return ids


def _optional(ids: np.ndarray) -> list[int | None]:
    return [None if identity < 0 else identity for identity in ids.tolist()]


def _operators(joined: Joined, strings: Strings, connections: _Connections):
    ops, count = joined.ops, len(joined.ops)
    if not count:
        return []
    return zip(
        map(str, ops["start"].tolist()),
        map(str, ops["end"].tolist()),
        (ops["process"] << np.uint64(32) | ops["thread"]).astype(np.int64).tolist(),
        _optional(connections.of_operator),
        strings.column(ops.names),
        ops["sequence"].tolist(),
        ops["forward_thread"].tolist(),
        _texts_or_none(strings, ops.dtypes),
        _texts_or_none(strings, ops.shapes),
        _optional(_chain_ids(ops.stacks)),
        [OPERATOR] * count,
        strict=True,
    )


def _texts_or_none(strings: Strings, texts: Texts) -> list[int | None]:
    ids = [strings.add(text) if text else None for text in texts.values]
    return [ids[i] for i in texts.ids.tolist()]


def _chain_ids(stacks: Texts) -> np.ndarray:
    """Equal stacks have equal ids; -1 without one."""
    return np.where(stacks.where(bool), stacks.ids, -1)


def _call_chains(joined: Joined, strings: Strings):
    for identity, stack in enumerate(joined.ops.stacks.values):
        for depth, frame in enumerate(stack.split(";") if stack else ()):
            yield identity, strings.add(frame), depth


def _queue_rows(joined: Joined, strings: Strings, connections: _Connections):
    pid = int(joined.ops["process"][0]) if len(joined.ops) else 0
    for prefix, ranges in (
        ("Enqueue@", joined.marks.enqueues),
        ("Dequeue@", joined.marks.dequeues),
    ):
        names = Texts(ranges.names.ids, [prefix + name for name in ranges.names.values])
        nothing = [None] * len(ranges)
        yield from zip(
            map(str, ranges.start.tolist()),
            map(str, ranges.end.tolist()),
            (pid << 32 | ranges.thread).tolist(),
            connections.add(ranges.correlation + _QUEUE_CONNECTIONS),
            strings.column(names),
            *[nothing] * 5,
            [QUEUE] * len(ranges),
            strict=True,
        )


def _collections(result: ResultDirectory, joined: Joined):
    collections = result.collections()
    pid = int(joined.ops["process"][0]) if len(joined.ops) else 0
    for begin, end in zip(collections.start.tolist(), collections.end.tolist(), strict=True):
        yield begin, end, pid << 32


def _rank_devices(result: ResultDirectory, joined: Joined) -> list[tuple[int, int]]:
    rank = -1 if result.rank is None else result.rank
    return [(rank, device) for device in joined.devices or [-1]]
