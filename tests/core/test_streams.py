"""Work is asynchronous; streams are ordered in themselves and, by events only, to each other."""

import threading

import pytest
import torch

import torch_npu  # noqa: F401
from tests.core.emulated import kernel_count, run_python, slow_kernels

DELAY = 0.5  # seconds; long enough to be told from a busy machine


def test_operators_return_before_their_kernels_run():
    tensor, gate = torch.zeros(16, device="npu"), torch.npu.ExternalEvent()
    torch.npu.synchronize()
    finished = kernel_count()
    gate.wait()
    tensor.add_(1)
    assert kernel_count() == finished
    gate.record(torch.npu.Stream())
    torch.npu.synchronize()
    assert kernel_count() == finished + 1
    assert tensor.tolist() == [1.0] * 16


def test_reading_a_value_waits_for_it():
    tensor = torch.zeros(4, device="npu")
    with slow_kernels(DELAY):
        tensor.add_(5)
        assert tensor.cpu().tolist() == [5.0] * 4


def test_streams_do_not_wait_for_each_other():
    slow, quick = torch.npu.Stream(), torch.npu.Stream()
    tensor, gate = torch.zeros(4, device="npu"), torch.npu.ExternalEvent()
    torch.npu.synchronize()
    with torch.npu.stream(slow):
        gate.wait()
        tensor.add_(1)
    assert not slow.query()
    quick.synchronize()
    assert quick.query()
    assert not slow.query()
    gate.record(quick)
    slow.synchronize()
    assert slow.query()


@pytest.mark.parametrize("ordered", [False, True])
def test_a_copy_sees_other_work_only_if_an_event_orders_it(ordered):
    producer, consumer = torch.npu.Stream(), torch.npu.Stream()
    source, gate = torch.zeros(4, device="npu"), torch.npu.ExternalEvent()
    seen = torch.full((4,), -1.0, device="npu")
    torch.npu.synchronize()
    with torch.npu.stream(producer):
        gate.wait()
        source.add_(7)
        written = producer.record_event()
    with torch.npu.stream(consumer):
        if ordered:
            consumer.wait_event(written)
        seen.copy_(source)
    if not ordered:
        consumer.synchronize()
    gate.record()
    expected = 7.0 if ordered else 0.0
    torch.npu.synchronize()
    assert seen.tolist() == [expected] * 4


def test_each_thread_has_its_own_current_stream():
    stream = torch.npu.Stream()
    torch.npu.set_stream(stream)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.npu.current_stream()))
    thread.start()
    thread.join(timeout=60)
    assert torch.npu.current_stream() == stream
    torch.npu.set_stream(torch.npu.default_stream())
    assert seen == [torch.npu.default_stream()]


def test_stream_context_restores_device_and_stream():
    stream = torch.npu.Stream("npu:1")
    with torch.npu.stream(stream):
        assert torch.npu.current_device() == 1
        assert torch.npu.current_stream() == stream
    assert torch.npu.current_device() == 0
    assert torch.npu.current_stream(1) == torch.npu.default_stream(1)
    with stream:
        assert torch.npu.current_stream() == stream
    with torch.npu.stream(None):
        assert torch.npu.current_device() == 0


def test_generic_streams_are_the_same_streams():
    stream = torch.Stream("npu")
    assert stream.device == torch.device("npu:0")
    with stream:
        assert torch.accelerator.current_stream() == stream
        assert torch.npu.current_stream() == stream
    stream.synchronize()


def test_pool_gives_distinct_streams_and_priorities():
    streams = {torch.npu.Stream().stream_id for _ in range(8)}
    assert len(streams) == 8
    urgent = torch.npu.Stream(priority=-1)
    assert urgent.stream_id not in streams
    lowest, highest = torch.npu.Stream.priority_range()
    assert (torch.npu.Stream().priority, urgent.priority) == (lowest, highest) == (0, -1)
    assert torch.npu.default_stream().priority == 0


def test_streams_past_the_task_queue_are_streams():
    stream = torch.npu.SyncLaunchStream(priority=-1)
    assert stream.priority == -1 and torch.npu.SyncLaunchStream(1).device.index == 1
    assert stream.stream_id != torch.npu.Stream(priority=-1).stream_id
    assert "SyncLaunchStream" in repr(stream)
    with torch.npu.stream(stream):
        result = torch.ones(3, device="npu") + 1
    stream.synchronize()
    assert stream.query()
    assert result.tolist() == [2.0] * 3


def test_a_stream_waits_for_another():
    producer, consumer = torch.npu.Stream(), torch.npu.Stream()
    source, seen = torch.zeros(4, device="npu"), torch.full((4,), -1.0, device="npu")
    torch.npu.synchronize()
    with slow_kernels(DELAY):
        with torch.npu.stream(producer):
            source.add_(7)
        consumer.wait_stream(producer)
        with torch.npu.stream(consumer):
            seen.copy_(source)
        consumer.synchronize()
    assert seen.tolist() == [7.0] * 4


def test_recording_in_a_stream_returns_the_event():
    stream, event = torch.npu.Stream(), torch.npu.Event()
    assert stream.record_event(event) is event
    assert isinstance(stream.record_event(), torch.npu.Event)


def test_a_stream_is_its_handle_for_ctypes():
    stream = torch.npu.Stream()
    assert stream._as_parameter_.value == stream.npu_stream != 0


def test_the_data_preprocess_hint_changes_nothing():
    stream = torch.npu.Stream()
    assert stream.set_data_preprocess_stream(True) is None
    with pytest.raises(TypeError, match="expected a bool"):
        stream.set_data_preprocess_stream("yes")


WAIT = """
import torch, torch_npu
x = torch.ones(2, device="npu").add_(1)
try: {wait}
except torch.AcceleratorError as error: print(error)
"""


@pytest.mark.parametrize(
    ("variable", "value", "wait"),
    [
        ("ACL_STREAM_TIMEOUT", "200", "torch.npu.current_stream().synchronize()"),
        ("ACL_DEVICE_SYNC_TIMEOUT", "1", "torch.npu.synchronize()"),
    ],
)
def test_waits_end_where_a_time_out_is_set(variable, value, wait):
    slow = {"ASCEND_EMULATOR_KERNEL_DELAY_US": "3000000"}
    result = run_python(WAIT.format(wait=wait), **{variable: value}, **slow)
    assert "ACL_ERROR_RT_STREAM_SYNC_TIMEOUT" in result.stdout, result.stderr
    bad = run_python(WAIT.format(wait=wait), **{variable: "soon"})
    assert f"{variable} must be a whole number from 1 on" in bad.stderr


def test_external_stream_is_used_as_it_is():
    owner = torch.npu.Stream()
    external = torch.npu.ExternalStream(owner.npu_stream)
    assert external.npu_stream == owner.npu_stream
    assert torch.npu.get_stream_from_external(owner.npu_stream) == external
    with torch.npu.stream(external):
        assert torch.ones(3, device="npu").sum().item() == 3


def test_streams_of_other_devices_are_refused():
    with pytest.raises(ValueError, match="expected an npu device"):
        torch.npu.Stream("cpu")
    with pytest.raises(RuntimeError, match="out of range"):
        torch.npu.Stream("npu:63").synchronize()
