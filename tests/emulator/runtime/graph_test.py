"""Graphs: what a stream would have run is captured once and run many times."""

from __future__ import annotations

import contextlib
import ctypes
import json
import threading
import time
from collections.abc import Iterator

import acl
import pytest

NONE, ACTIVE, INVALIDATED = range(3)


class Captured:
    """The result of a capture."""

    model: int | None = None

    def run(self, stream: int) -> None:
        acl.call("aclmdlRIExecuteAsync", self.model, stream)
        acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)


@contextlib.contextmanager
def capture(stream: int, mode: int = acl.GLOBAL) -> Iterator[Captured]:
    captured = Captured()
    acl.call("aclmdlRICaptureBegin", stream, mode)
    yield captured
    captured.model = acl.make_last("aclmdlRICaptureEnd", stream)


def status(stream: int) -> int:
    result = ctypes.c_int(-1)
    acl.call("aclmdlRICaptureGetInfo", stream, ctypes.byref(result), None)
    return result.value


@contextlib.contextmanager
def fails(code: int, match: str = "") -> Iterator[None]:
    with pytest.raises(acl.AclError, match=match) as error:
        yield
    assert error.value.code == code


def exchange_mode(mode: int) -> int:
    value = ctypes.c_int(mode)
    acl.call("aclmdlRICaptureThreadExchangeMode", ctypes.byref(value))
    return value.value


def end_broken(stream: int, code: int = acl.CAPTURE_INVALIDATED, match: str = "") -> None:
    with fails(code, match):
        acl.make_last("aclmdlRICaptureEnd", stream)
    assert status(stream) == NONE


@pytest.fixture
def stream(device):
    return acl.stream()


def test_a_captured_task_runs_at_each_execution_and_not_before(stream):
    ran = []
    with capture(stream) as graph:
        acl.launch(stream, lambda: ran.append(1))
    assert ran == []
    for count in range(1, 4):
        graph.run(stream)
        assert len(ran) == count
    acl.call("aclmdlRIDestroy", graph.model)


def test_copies_and_fills_read_the_same_addresses_again(stream):
    host_in, host_out, block = acl.malloc_host(8), acl.malloc_host(8), acl.malloc(8)
    with capture(stream) as graph:
        acl.call("aclrtMemsetAsync", block, 8, 0, 8, stream)
        acl.call("aclrtMemcpyAsync", block, 4, host_in, 4, acl.H2D, stream)
        acl.call("aclrtMemcpyAsync", host_out, 8, block, 8, acl.D2H, stream)
    for text in (b"abcd", b"efgh"):
        ctypes.memmove(host_in, text, 4)
        graph.run(stream)
        assert ctypes.string_at(host_out, 8) == text + bytes(4)


def test_execution_is_asynchronous_and_in_stream_order(stream):
    ran = []
    with capture(stream) as graph:
        acl.launch(stream, lambda: ran.append("graph"))
    with acl.gate(stream):
        acl.launch(stream, lambda: ran.append("before"))
        acl.call("aclmdlRIExecuteAsync", graph.model, stream)
        acl.launch(stream, lambda: ran.append("after"))
        assert ran == []
    acl.call("aclrtSynchronizeStream", stream)
    assert ran == ["before", "graph", "after"]
    acl.call("aclmdlRIExecute", graph.model, 10_000)
    assert ran[3:] == ["graph"]


def fork(origin: int, other: int, event: int) -> None:
    acl.call("aclrtRecordEvent", event, origin)
    acl.call("aclrtStreamWaitEvent", other, event)


def test_streams_join_through_events(stream):
    second, third, ran = acl.stream(), acl.stream(), []
    forth, back, far = acl.event(), acl.event(), acl.event()
    with capture(stream) as graph:
        acl.launch(stream, lambda: ran.append("first"))
        fork(stream, second, forth)
        assert status(second) == ACTIVE
        acl.launch(second, lambda: ran.append("second"))
        fork(second, third, far)
        acl.launch(third, lambda: ran.append("third"))
        acl.call("aclrtRecordEvent", far, third)
        acl.call("aclrtStreamWaitEvent", second, far)
        acl.call("aclrtRecordEvent", back, second)
        acl.call("aclrtStreamWaitEvent", stream, back)
        acl.launch(stream, lambda: ran.append("last"))
    assert [status(one) for one in (stream, second, third)] == [NONE] * 3
    graph.run(stream)
    assert ran == ["first", "second", "third", "last"]


def test_a_stream_that_does_not_come_back_is_an_error(stream):
    second, event = acl.stream(), acl.event()
    acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    fork(stream, second, event)
    end_broken(stream, acl.STREAM_UNJOINED, "joined the capture")
    assert status(second) == NONE


def test_work_after_the_way_back_is_an_error(stream):
    second, forth, back = acl.stream(), acl.event(), acl.event()
    acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    fork(stream, second, forth)
    acl.launch(second, lambda: None)
    fork(second, stream, back)
    acl.launch(second, lambda: None)
    end_broken(stream, acl.STREAM_UNJOINED, "its last 1 tasks")


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("aclrtSynchronizeStream", ("stream",), acl.STREAM_CAPTURED),
        ("aclrtStreamQuery", ("stream", ctypes.byref(ctypes.c_int())), acl.STREAM_CAPTURED),
        ("aclrtSynchronizeDevice", (), acl.STREAM_CAPTURED),
        ("aclrtDestroyStream", ("stream",), acl.STREAM_CAPTURED),
        ("aclrtStreamAbort", ("stream",), acl.STREAM_CAPTURED),
        ("aclrtSynchronizeEvent", ("event",), acl.EVENT_CAPTURED),
        ("aclrtQueryEventStatus", ("event", ctypes.byref(ctypes.c_int())), acl.EVENT_CAPTURED),
        ("aclrtStreamWaitEvent", ("stream", "outside"), acl.CAPTURE_DEPENDENCY),
        ("aclrtStreamWaitEvent", (None, "event"), acl.CAPTURE_IMPLICIT),
        ("aclrtRecordEvent", ("old", "stream"), acl.NOT_SUPPORTED),
    ],
)
def test_illegal_calls_have_their_code_and_break_the_capture(stream, name, arguments, code):
    handles = {"stream": stream, "event": acl.event(), "outside": acl.event()}
    handles["old"] = acl.make("aclrtCreateEvent")
    acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    acl.call("aclrtRecordEvent", handles["event"], stream)
    with fails(code, name):
        acl.call(name, *(handles.get(argument, argument) for argument in arguments))
    assert status(stream) == INVALIDATED
    with fails(acl.CAPTURE_INVALIDATED, f"invalidated by: {name}"):
        acl.launch(stream, lambda: None)
    end_broken(stream, match=name)
    acl.call("aclrtSynchronizeStream", stream)


def test_two_captures_must_not_meet(stream):
    other, event = acl.stream(), acl.event()
    acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    acl.call("aclmdlRICaptureBegin", other, acl.GLOBAL)
    acl.call("aclrtRecordEvent", event, stream)
    with fails(acl.CAPTURE_CONFLICT):
        acl.call("aclrtStreamWaitEvent", other, event)
    end_broken(stream)
    end_broken(other)


def unsafe_calls() -> dict[int, tuple[str, ...]]:
    block = acl.malloc(8)
    return {
        "aclrtMemcpy": (block, 8, b"12345678", 8, acl.H2D),
        "aclrtMemset": (block, 8, 0, 8),
    }


def test_modes_say_who_may_call_what_runs_at_once(stream):
    other = acl.stream()
    # capture's mode -> thread's mode -> (allowed in the capturing thread, in another)
    expected = {
        acl.GLOBAL: {acl.GLOBAL: (0, 0), acl.THREAD_LOCAL: (0, 1), acl.RELAXED: (1, 1)},
        acl.THREAD_LOCAL: {acl.GLOBAL: (0, 1), acl.THREAD_LOCAL: (0, 1), acl.RELAXED: (1, 1)},
        acl.RELAXED: dict.fromkeys((acl.GLOBAL, acl.THREAD_LOCAL, acl.RELAXED), (1, 1)),
    }
    calls = unsafe_calls()
    results: list[int] = []

    def allowed(mode: int) -> int:
        acl.call("aclrtSetDevice", 0)
        before = exchange_mode(mode)
        codes = {getattr(acl.lib, name)(*arguments) for name, arguments in calls.items()}
        exchange_mode(before)
        assert codes <= {0, acl.CAPTURE_MODE}
        assert len(codes) == 1
        return codes == {0}

    for capture_mode, rows in expected.items():
        with capture(stream, capture_mode):
            for thread_mode, (own, others) in rows.items():
                assert allowed(thread_mode) == own, (capture_mode, thread_mode)
                thread = threading.Thread(
                    target=lambda mode=thread_mode: results.append(allowed(mode))
                )
                thread.start()
                thread.join()
                assert results.pop() == others, (capture_mode, thread_mode)
            assert status(stream) == ACTIVE
    assert acl.malloc(8)  # CANN allows it in every mode
    pageable = ctypes.create_string_buffer(8)
    with capture(stream):
        with fails(acl.PARAM_INVALID, "pageable"):
            acl.call("aclrtMemcpyAsync", calls["aclrtMemset"][0], 8, pageable, 8, acl.H2D, stream)
        with fails(acl.CAPTURE_BLOCKS):
            acl.call("aclrtMemcpyAsync", calls["aclrtMemset"][0], 8, pageable, 8, acl.H2D, other)


def test_begin_and_end_belong_together(stream):
    other, event = acl.stream(), acl.event()
    with fails(acl.CAPTURE_IMPLICIT):
        acl.call("aclmdlRICaptureBegin", None, acl.GLOBAL)
    with fails(acl.PARAM_INVALID):
        acl.call("aclmdlRICaptureBegin", stream, 7)
    with fails(acl.STREAM_NOT_CAPTURED):
        acl.make_last("aclmdlRICaptureEnd", stream)
    acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    with fails(acl.STREAM_CAPTURED):
        acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    fork(stream, other, event)
    with fails(acl.CAPTURE_UNMATCHED):
        acl.make_last("aclmdlRICaptureEnd", other)
    codes = []

    def end_elsewhere() -> None:
        acl.call("aclrtSetDevice", 0)
        codes.append(acl.lib.aclmdlRICaptureEnd(stream, ctypes.byref(acl.Handle())))

    for mode, code in ((acl.RELAXED, 0), (acl.GLOBAL, acl.CAPTURE_WRONG_THREAD)):
        if mode == acl.RELAXED:
            acl.lib.aclmdlRICaptureEnd(stream, ctypes.byref(acl.Handle()))
        acl.call("aclmdlRICaptureBegin", stream, mode)
        thread = threading.Thread(target=end_elsewhere)
        thread.start()
        thread.join()
        assert codes.pop() == code
        assert status(stream) == NONE


def test_a_model_lives_from_the_end_of_its_capture_to_its_destruction(stream):
    acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    model = acl.make_last("aclmdlRICaptureGetInfo", stream, None)
    with fails(acl.MODEL_CAPTURED):
        acl.call("aclmdlRIExecuteAsync", model, acl.stream())
    with fails(acl.MODEL_CAPTURED):
        acl.call("aclmdlRIDestroy", model)
    assert acl.make_last("aclmdlRICaptureEnd", stream) == model
    assert acl.value("aclmdlRIGetId", ctypes.c_uint32, model) > 0
    with acl.gate(stream) as opened:
        acl.call("aclmdlRIExecuteAsync", model, stream)
        threading.Timer(0.2, opened.set).start()
        acl.call("aclmdlRIDestroy", model)
    for name, arguments in {
        "aclmdlRIExecuteAsync": (model, stream),
        "aclmdlRIDestroy": (model,),
    }.items():
        with fails(acl.INVALID_HANDLE, "no live model"):
            acl.call(name, *arguments)


def test_a_model_runs_where_it_was_captured(stream):
    with capture(stream) as graph:
        acl.launch(stream, lambda: None)
    acl.call("aclrtSetDevice", 1)
    with fails(acl.MODEL_CONTEXT):
        acl.call("aclmdlRIExecuteAsync", graph.model, acl.stream())
    acl.call("aclrtResetDevice", 1)
    acl.call("aclrtSetDevice", 0)


def test_an_external_event_connects_a_graph_with_work_outside(stream):
    outside, ran = acl.stream(), []
    go = acl.make("aclrtCreateEventWithFlag", acl.EVENT_EXTERNAL)
    done = acl.make("aclrtCreateEventWithFlag", acl.EVENT_EXTERNAL)
    with capture(stream) as graph:
        acl.call("aclrtStreamWaitEvent", stream, go)
        acl.call("aclrtResetEvent", go, stream)
        acl.launch(stream, lambda: ran.append("graph"))
        acl.call("aclrtRecordEvent", done, stream)
    for count in range(1, 3):
        acl.call("aclmdlRIExecuteAsync", graph.model, stream)
        acl.call("aclrtStreamWaitEvent", outside, done)
        acl.call("aclrtResetEvent", done, outside)
        acl.launch(outside, lambda: ran.append("outside"))
        time.sleep(0.05)
        assert len(ran) == 2 * (count - 1)
        acl.call("aclrtRecordEvent", go, acl.stream())
        acl.call("aclrtSynchronizeStreamWithTimeout", outside, 10_000)
        assert ran == ["graph", "outside"] * count


def test_another_branch_goes_on_while_one_waits_for_the_outside(stream):
    second, forth, back, ran = acl.stream(), acl.event(), acl.event(), []
    go = acl.make("aclrtCreateEventWithFlag", acl.EVENT_EXTERNAL)
    with capture(stream) as graph:
        fork(stream, second, forth)
        acl.call("aclrtStreamWaitEvent", stream, go)
        acl.launch(stream, lambda: ran.append("waited"))
        acl.launch(second, lambda: ran.append("free"))
        fork(second, stream, back)
    acl.call("aclmdlRIExecuteAsync", graph.model, stream)
    for _ in range(600):
        if ran:
            break
        time.sleep(0.05)
    assert ran == ["free"]
    acl.call("aclrtRecordEvent", go, acl.stream())
    acl.call("aclrtSynchronizeStreamWithTimeout", stream, 10_000)
    assert ran == ["free", "waited"]


def test_printing(stream, tmp_path, capfd):
    block = acl.malloc(8)
    with capture(stream) as graph:
        acl.call("aclrtMemsetAsync", block, 8, 0, 8, stream)
        acl.launch(stream, lambda: None)
    path = tmp_path / "graph.json"
    for flags in (0, 1):
        acl.call("aclmdlRIDebugJsonPrint", graph.model, str(path).encode(), flags)
        records = json.loads(path.read_text())
        assert [record["name"] for record in records] == ["MEMSET_ASYNC", "HOST_FUNC"]
        assert ("bytes" in records[0]["args"]) == bool(flags)
    with fails(100003):
        acl.call("aclmdlRIDebugJsonPrint", graph.model, b"/no/such/folder/file", 0)
    acl.call("aclmdlRIDebugPrint", graph.model)
    ctypes.CDLL(None).fflush(None)
    assert "task 0: MEMSET_ASYNC" in capfd.readouterr().out


def test_reset_ends_captures_and_models(device):
    stream = acl.stream()
    with capture(stream) as graph:
        acl.launch(stream, lambda: None)
    acl.call("aclmdlRICaptureBegin", stream, acl.GLOBAL)
    acl.call("aclrtResetDevice", 0)
    acl.call("aclrtSetDevice", 0)
    with fails(acl.INVALID_HANDLE):
        acl.call("aclmdlRIExecute", graph.model, -1)
    with capture(acl.stream()):
        pass


def test_one_call_runs_a_thousand_tasks(stream):
    block = acl.malloc(1024)
    with capture(stream) as graph:
        for position in range(1000):
            acl.call("aclrtMemsetAsync", block + position, 1, position % 251, 1, stream)
    before = acl.lib.emulatorMemcpyCount(0)
    graph.run(stream)
    assert acl.lib.emulatorMemcpyCount(0) - before == 1000
    assert list(acl.download(block, 1000)) == [position % 251 for position in range(1000)]
