"""torch.npu.mstx: what is marked lies in the device's profile."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import torch_npu.profiler as npu_profiler

mstx = torch.npu.mstx

# Layouts of the emulator's records (see emulator/profiling/raw_records.h).
MARK = np.dtype("<u2, <u2, <u4, <u4, <u4, <u4, <u4, <u8, <u8, <u8, <u8, <u8")
MARK.names = (
    *("magic", "kind", "begin_thread", "end_thread", "begin_connection", "end_connection"),
    *("reserve", "begin", "end", "id", "domain", "message"),
)
TASK = np.dtype("<u2, <u2, <u4, <u4, <u4, <u4, <u4" + ", <u8" * 8)
RANGE = 2

Recorded = tuple[str, str, bool]  # message, domain, whether it is a range


class Recording:
    def __init__(self, directory: Path) -> None:
        (host,) = directory.rglob("host/data")
        lines = (host / "unaging.additional.hash_dic.slice_0").read_text().splitlines()
        texts = {int(line.partition(":")[0]): line.partition(":")[2] for line in lines}
        self.rows = np.fromfile(host / "unaging.additional.msproftx.slice_0", MARK)
        self.marks: list[Recorded] = [
            (texts[row["message"]], texts[row["domain"]], bool(row["kind"] == RANGE))
            for row in self.rows
        ]
        self.texts = texts
        self.directory = directory

    def connections_on_the_device(self) -> set[int]:
        (file,) = self.directory.rglob("emulator_task.data.0.slice_0")
        tasks = np.fromfile(file, TASK)
        return {int(row["f5"]) for row in tasks if self.texts[int(row["f10"])] == "mstx"}


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Callable[[Callable[[], object]], Recording]]:
    def run(function: Callable[[], object]) -> Recording:
        config = npu_profiler._ExperimentalConfig(
            profiler_level=npu_profiler.ProfilerLevel.Level_none
        )
        handler = npu_profiler.tensorboard_trace_handler(str(tmp_path), analyse_flag=False)
        with npu_profiler.profile(
            activities=[npu_profiler.ProfilerActivity.NPU],
            experimental_config=config,
            on_trace_ready=handler,
        ):
            function()
        return Recording(tmp_path)

    yield run


def test_marks_and_ranges_reach_the_profile(record):
    stream = torch.npu.Stream()

    def work():
        mstx.mark("here")
        assert isinstance(mstx, type)
        outer = mstx.range_start("outer", domain="mine")
        inner = mstx.range_start("inner", stream)
        assert outer and inner and outer != inner
        mstx.range_end(outer, domain="mine")
        mstx.range_end(inner)

    recording = record(work)
    assert recording.marks == [
        ("here", "default", False),
        ("outer", "mine", True),
        ("inner", "default", True),
    ]
    here, outer, inner = recording.rows
    assert here["begin"] <= outer["begin"] <= outer["end"]
    assert outer["begin"] <= inner["begin"] <= inner["end"]  # in order with the stream's work
    device = recording.connections_on_the_device()
    assert {int(inner["begin_connection"]), int(inner["end_connection"])} == device
    assert int(outer["begin_connection"]) not in device


def test_pushed_ranges_nest(record):
    def work():
        assert mstx.range_push("first") == 0
        assert mstx.range_push("second") == 1
        assert mstx.range_push("other", domain="mine") == 0
        assert mstx.range_pop() == 1
        assert mstx.range_pop(domain="mine") == 0
        assert mstx.range_pop() == 0
        assert mstx.range_pop() == -1

    assert [message for message, _, _ in record(work).marks] == ["second", "other", "first"]


def test_functions_and_blocks_become_ranges(record):
    @mstx.annotate(domain="mine")
    def step(x: int) -> int:
        """Doubles."""
        return 2 * x

    @mstx.mstx_range("named")
    def other() -> None:
        raise KeyError

    def work():
        assert (step(2), step.__doc__) == (4, "Doubles.")
        with pytest.raises(KeyError):
            other()
        with mstx.annotate("block"):
            pass

    assert record(work).marks == [
        ("step", "mine", True),
        ("named", "default", True),
        ("block", "default", True),
    ]


def test_nothing_happens_without_a_profiler():
    mstx.mark("here", torch.npu.current_stream())
    assert mstx.range_start("range") == 0
    assert mstx.range_push("range") == -1
    assert mstx.range_pop() == -1
    mstx.range_end(0)


def test_bad_arguments_are_warnings(record):
    def work():
        for call in (
            lambda: mstx.mark(""),
            lambda: mstx.mark("here", stream=3),
            lambda: mstx.mark("here", domain=None),
            lambda: mstx.range_end("1"),
        ):
            with pytest.warns(UserWarning, match="nothing is marked|no range ends"):
                call()
        mstx.range_end(12345)

    assert record(work).marks == []
