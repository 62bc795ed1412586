"""torch.op_range as the adapter writes it, and as the analysis reads it."""

import os
import struct
import threading

import pytest
import torch

import torch_npu.profiler as npu_profiler
from torch_npu import _C
from torch_npu.profiler import ProfilerActivity
from torch_npu.profiler.analysis import host_ops


def record(path, run, record_shapes=False) -> bytes:
    (path / "FRAMEWORK").mkdir()
    native = _C._profiler
    native._init_profiler(str(path), {ProfilerActivity.CPU})
    native._start_profiler(npu_profiler._ExperimentalConfig().native(record_shapes))
    run()
    assert native._stop_profiler() == 0
    native._finalize_profiler()
    return (path / "FRAMEWORK" / "torch.op_range").read_bytes()


def read(path) -> host_ops.HostOps:
    return host_ops.read(path / "FRAMEWORK" / "torch.op_range", 0)


def test_binary_layout(tmp_path):
    data = record(tmp_path, lambda: torch.ones(2).neg())
    position, names = 0, []
    while position < len(data):
        kind, length = struct.unpack_from("<HI", data, position)
        assert kind == 1
        head = struct.unpack_from("<3q4QB?", data, position + 6)
        start, end, _, process, thread, end_thread, forward, scope, is_async = head
        assert start <= end
        assert process == os.getpid()
        assert thread == end_thread == threading.get_native_id()
        assert (forward, scope, is_async) == (0, 0, False)
        tag, size = struct.unpack_from("<HI", data, position + 64)
        assert tag == 2
        names.append(data[position + 70 : position + 70 + size].decode())
        assert length == 58 + 6 + size
        position += 6 + length
    assert position == len(data)
    assert "aten::neg" in names


def test_nesting_and_shapes(tmp_path):
    record(
        tmp_path,
        lambda: torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 3), torch.ones(4)),
        record_shapes=True,
    )
    ops = read(tmp_path)
    linear = list(ops.names).index("aten::linear")
    addmm = list(ops.names).index("aten::addmm")
    assert ops["start"][linear] <= ops["start"][addmm] <= ops["end"][addmm] <= ops["end"][linear]
    assert ops.shapes[linear] == "2,3;4,3;4"
    assert ops.dtypes[linear] == "float;float;float"
    assert ops.dtypes[addmm].startswith("float;float;float;Scalar")


def test_autograd_and_user_threads_are_recorded(tmp_path):
    def run():
        x = torch.ones(3, requires_grad=True)
        thread = threading.Thread(target=lambda: torch.ones(1).abs())
        thread.start()
        thread.join(timeout=30)
        (x * 2).sum().backward()

    record(tmp_path, run)
    ops = read(tmp_path)
    backward = list(ops.names).index("MulBackward0")
    assert ops["forward_thread"][backward] == threading.get_native_id()
    forward = list(ops.names).index("aten::mul")
    assert ops["sequence"][backward] == ops["sequence"][forward] >= 0
    other = list(ops.names).index("aten::abs")
    assert ops["thread"][other] != threading.get_native_id()


def test_many_events_of_many_threads_are_complete(tmp_path):
    def work():
        x = torch.ones(1)
        for _ in range(2000):
            x.neg()

    def run():
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

    record(tmp_path, run)
    assert list(read(tmp_path).names).count("aten::neg") == 8000


def test_nothing_is_recorded_after_stop(tmp_path):
    record(tmp_path, lambda: None)
    torch.ones(1).neg()
    assert len(read(tmp_path)) == 0
    (tmp_path / "again").mkdir()
    record(tmp_path / "again", lambda: torch.ones(1).abs())
    assert "aten::neg" not in read(tmp_path / "again").names


def test_text_that_is_no_utf8_and_odd_names(tmp_path):
    def run():
        with torch.profiler.record_function('quote " and \\ and é'):
            pass

    record(tmp_path, run)
    assert 'quote " and \\ and é' in read(tmp_path).names


def test_a_torn_last_record_is_left_out(tmp_path):
    data = record(tmp_path, lambda: torch.ones(2).neg())
    path = tmp_path / "torn"
    path.write_bytes(data[:-5])
    assert len(host_ops.read(path, 0)) == len(read(tmp_path)) - 1


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "damaged"
    path.write_bytes(b"\x07" * 100)
    with pytest.raises(ValueError, match="damaged"):
        host_ops.read(path, 0)


def test_stop_without_a_session():
    with pytest.raises(RuntimeError, match="no profiling session"):
        _C._profiler._stop_profiler()


def test_a_second_session_is_refused(tmp_path):
    native = _C._profiler
    native._init_profiler(str(tmp_path), set())
    try:
        with pytest.raises(RuntimeError, match=str(tmp_path)):
            native._init_profiler(str(tmp_path), set())
    finally:
        native._finalize_profiler()


def test_an_unwritable_directory_is_named(tmp_path):
    native = _C._profiler
    native._init_profiler(str(tmp_path), {ProfilerActivity.CPU})
    try:
        with pytest.raises(RuntimeError, match=r"cannot create .*FRAMEWORK/torch\.op_range"):
            native._start_profiler(npu_profiler._ExperimentalConfig().native(False))
    finally:
        native._finalize_profiler()
