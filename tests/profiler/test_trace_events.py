"""The columnar reader of timelines, against json."""

import json
import random

import numpy as np
import pytest

from torch_npu.profiler.analysis import trace_events
from torch_npu.profiler.analysis.texts import TextPool
from torch_npu.profiler.analysis.trace_events import TimelineError, decode_text, read_blocks

NAMES = ["plain", 'quote " inside', "back\\slash", "end\\\\", "é ü", "{brace}", "a, b: c", "", "ts"]


def random_event(generator: random.Random) -> dict:
    nanoseconds = generator.randrange(10**19 // 10)
    event = {
        "name": generator.choice(NAMES),
        "pid": generator.randrange(10**9),
        "tid": generator.choice([0, 7, -1, 2**40]),
        "ts": f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}",
        "dur": generator.choice([0, 1, 0.5, 12.25, 1234567.125, 0.001, 3.0]),
        "ph": generator.choice(["X", "X", "X", "M", "s"]),
        "args": {
            "name": generator.choice(NAMES),
            "connection_id": generator.randrange(2**32),
            "nested": {"pid": 1, "deeper": {"ts": "5"}},
        },
    }
    for key in ("dur", "ts", "args", "tid"):
        if generator.random() < 0.1:
            del event[key]
    keys = list(event)
    generator.shuffle(keys)
    return {key: event[key] for key in keys}


def nanoseconds_of(event: dict, key: str) -> int:
    if key not in event:
        return -1
    whole, _, decimals = str(event[key]).partition(".")
    return int(whole) * 1000 + int((decimals + "000")[:3])


STYLES = [
    {},
    {"indent": 2},
    {"separators": (",", ":")},
    {"separators": (" , ", " : "), "ensure_ascii": False},
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("block_size", [700, 5000, 1 << 22])
def test_columns_are_those_of_json(tmp_path, style, block_size):
    generator = random.Random(block_size)
    events = [random_event(generator) for _ in range(300)]
    path = tmp_path / "timeline.json"
    path.write_text(json.dumps(events, **style), encoding="utf-8")
    names, inner = TextPool({b"": 0}), TextPool({b"": 0})
    columns: list[list] = []
    for block in read_blocks(path, block_size):
        every = np.ones(len(block), bool)
        columns.append(
            [
                block.phases,
                block.integers(b"pid", 1),
                block.integers(b"tid", 1, default=-5),
                block.nanoseconds(b"ts"),
                block.nanoseconds(b"dur"),
                block.integers(b"connection_id", 2),
                block.texts(b"name", 1, names, every),
                block.texts(b"name", 2, inner, every),
            ]
        )
        assert block.parsed(np.arange(len(block))) == events[: len(block)]
        text = path.read_bytes()
        begin, end = block.starts[0] + block.offset, block.ends[-1] + block.offset
        assert text[begin:end].startswith(b"{") and text[begin:end].endswith(b"}")
        events = events[len(block) :] + events[: len(block)]
    phases, pid, tid, ts, dur, connection, name, arg = map(
        np.concatenate, zip(*columns, strict=True)
    )
    assert "".join(map(chr, phases)) == "".join(event["ph"] for event in events)
    assert pid.tolist() == [event["pid"] for event in events]
    assert tid.tolist() == [event.get("tid", -5) for event in events]
    assert ts.tolist() == [nanoseconds_of(event, "ts") for event in events]
    assert dur.tolist() == [nanoseconds_of(event, "dur") for event in events]
    arguments = [event.get("args", {}) for event in events]
    assert connection.tolist() == [a.get("connection_id", -1) for a in arguments]
    texts = [decode_text(raw) for raw in names]
    assert [texts[i] for i in name] == [event["name"] for event in events]
    texts = [decode_text(raw) for raw in inner]
    assert [texts[i] for i in arg] == [a.get("name", "") for a in arguments]


@pytest.mark.parametrize("text", ["[]", "[\n]\n", " [ ] "])
def test_no_events(tmp_path, text):
    path = tmp_path / "empty.json"
    path.write_text(text)
    assert list(read_blocks(path)) == []


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"traceEvents": []}', "[{", '[{"ph": "X"}', '[{"ph": "X"}, {"na', "[}]", "null"],
)
def test_what_is_no_array_of_events_is_refused(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(TimelineError):
        list(read_blocks(path))


def test_mutated_timelines_are_read_or_refused(tmp_path):
    generator = random.Random(5)
    good = json.dumps([random_event(generator) for _ in range(20)]).encode()
    path = tmp_path / "mutated.json"
    for _ in range(500):
        data = bytearray(good)
        for _ in range(generator.randint(1, 4)):
            data[generator.randrange(len(data))] = generator.choice(b'"{}[]\\,:0 x\0')
        path.write_bytes(data[: generator.randrange(1, len(data) + 1)])
        pool = TextPool({b"": 0})
        try:
            for block in trace_events.read_blocks(path, 500):
                block.integers(b"pid", 1)
                block.nanoseconds(b"ts")
                block.texts(b"name", 1, pool, np.ones(len(block), bool))
                block.parsed(np.flatnonzero(block.phases == ord("M")))
        except ValueError:  # TimelineError, or json's own
            pass
