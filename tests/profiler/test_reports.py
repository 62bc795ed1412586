"""Perfetto traces and HTML reports, read back."""

import html.parser
import re
import struct

import pytest
import results
import torch
from perfetto_trace import PerfettoTrace
from synthetic import SyntheticResult

from torch_npu import profiler
from torch_npu.profiler.report import AnalysedResult
from torch_npu.profiler.report.perfetto_schema import Trace


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    directory = tmp_path_factory.mktemp("run")
    x = torch.randn(16, 16, device="npu", requires_grad=True)
    with profiler.profile(
        schedule=profiler.schedule(wait=0, warmup=1, active=2, repeat=1),
        experimental_config=results.level1(),
        on_trace_ready=profiler.tensorboard_trace_handler(str(directory)),
    ) as prof:
        for _ in range(4):
            (x @ x).relu().sum().backward()
            prof.step()
    return prof, results.only_result(directory)


def nanoseconds(event: dict) -> int:
    """Exactly: a double knows Unix time in µs to a quarter of a µs, and short calls come closer."""
    return int(event["ts"].replace(".", ""))


def test_perfetto_slices_are_those_of_the_trace(recorded, tmp_path):
    prof, result = recorded
    prof.export_perfetto_trace(str(tmp_path / "sub" / "t.perfetto-trace"))
    trace = PerfettoTrace((tmp_path / "sub" / "t.perfetto-trace").read_bytes())
    origin = min(nanoseconds(e) for e in result.trace() if e["ph"] == "X")
    for shown, process in (("NPU 0: Ascend Hardware", "Ascend Hardware"), ("CANN", "CANN")):
        wanted = sorted((nanoseconds(e) - origin, e["name"]) for e in result.slices(process))
        found = sorted((begin, name) for name, begin, _, _ in trace.slices(shown))
        assert found == wanted
    ops = [e for e in result.slices("Python") if not e["name"].startswith("ProfilerStep")]
    assert len(trace.slices("Python")) == len(ops)
    assert [name for name, *_ in trace.slices("Steps")] == ["ProfilerStep#1", "ProfilerStep#2"]
    durations = sorted(end - begin for _, begin, end, _ in trace.slices("NPU 0: Ascend Hardware"))
    assert durations == sorted(round(e["dur"] * 1000) for e in result.slices("Ascend Hardware"))


def test_perfetto_arrows_join_operators_and_kernels(recorded, tmp_path):
    prof, result = recorded
    path = tmp_path / "t.perfetto-trace"
    prof.export_perfetto_trace(str(path))
    trace = PerfettoTrace(path.read_bytes())
    assert trace.flows_from.keys() == trace.flows_to.keys()
    assert set(trace.flows_from) == set(range(1, len(trace.flows_from) + 1))
    found = sorted(
        (trace.flows_from[flow][1], trace.flows_to[flow][1]) for flow in trace.flows_from
    )
    tasks = {results.position(e): e["name"] for e in result.slices("Ascend Hardware")}
    wanted = sorted((op["name"], tasks[place]) for place, op in result.op_of_kernel().items())
    assert found == wanted
    for flow, (_, _, time) in trace.flows_from.items():
        assert time <= trace.flows_to[flow][2]


def test_slices_that_do_not_nest_get_a_track_of_their_own(tmp_path, monkeypatch):
    made = SyntheticResult(tmp_path)
    made.op("aten::op", 0, 100)
    made.kernel("A", 10, 1000, 2000)
    made.kernel("B", 20, 1500, 2500)
    made.kernel("C", 30, 2000, 2100)
    AnalysedResult(made.write(monkeypatch)).write_perfetto(tmp_path / "t")
    trace = PerfettoTrace((tmp_path / "t").read_bytes())
    tracks = {
        track.name: track.slices
        for track in trace.tracks.values()
        if track.process == "NPU 0: Ascend Hardware"
    }
    assert tracks == {
        "Thread 3": [("A", 1000, 2000, 0), ("C", 2000, 2100, 0)],
        "Thread 3 (overlapping)": [("B", 1500, 2500, 0)],
    }


def test_field_numbers_on_the_wire():
    """Against the format itself: Perfetto's numbers, wire types 0 (varint), 1 (8 bytes), 2."""
    trace = Trace()
    event = trace.packet.add(timestamp=5).track_event
    event.type, event.track_uuid, event.name_iid = 1, 3, 4
    event.flow_ids.append(6)
    event.terminating_flow_ids.append(7)
    inner = bytes([9 << 3, 1, 10 << 3, 4, 11 << 3, 3])
    inner += b"\xf9\x02" + struct.pack("<Q", 6) + b"\x81\x03" + struct.pack("<Q", 7)
    packet = bytes([8 << 3, 5, 11 << 3 | 2, len(inner)]) + inner
    assert trace.SerializeToString() == bytes([1 << 3 | 2, len(packet)]) + packet


class Page(html.parser.HTMLParser):
    """Collects tables; checks that elements close and that nothing is loaded."""

    VOID = ("meta",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tables, self.headings, self.count = [], [], [], {}
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe")
        assert not {"src", "href"} & dict(attributes).keys()
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1].append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def test_html(recorded, tmp_path):
    prof, result = recorded
    prof.export_html_report(str(tmp_path / "report.html"))
    text = (tmp_path / "report.html").read_text()
    assert not re.search(r"https?://", text)
    page = Page(text)
    assert page.headings[:4] == [
        "Timeline",
        "Steps",
        "Longest gaps of the device",
        "Kernels with the most time",
    ]
    assert page.count["rect"] > 0
    steps, _, kernels = page.tables
    _, rows = result.table("step_trace_time")
    assert [row[1:4] for row in steps[1:]] == [
        [row["Step"], row["Stage"], row["Computing"]] for row in rows
    ]
    _, details = result.table("kernel_details")
    assert sum(int(row[2]) for row in kernels[1:]) == len(details)


def test_html_of_odd_names_is_escaped(tmp_path, monkeypatch):
    made = SyntheticResult(tmp_path)
    made.op("<script>alert(1)</script>", 0, 100)
    made.kernel("<b>&\"K'", 10, 1000, 2000)
    AnalysedResult(made.write(monkeypatch)).write_html(tmp_path / "r.html")
    page = Page((tmp_path / "r.html").read_text())
    assert page.tables[-1][1][0] == "<b>&\"K'"
